"""What is trained and how its update is computed: one module a method."""
