"""What goes wrong with a form."""


class FormError(ValueError):
    """A form can't be read, or can't be evaluated on the data that it was given."""
