"""What scores and predictions can show, one question a file; none is imported before it is asked."""
