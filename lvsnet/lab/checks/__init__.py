"""What only makes sense between values of a lab file, a module for each subject."""
