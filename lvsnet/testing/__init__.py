"""`lvsnet test`: scenarios, each in a fresh lab of its own, several labs at once."""
