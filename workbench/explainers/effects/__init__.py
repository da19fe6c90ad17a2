"""What effects and interactions are made of: rows with exchanged columns asked from forms or by predictions."""
