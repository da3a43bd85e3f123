"""What an operator does to a deployed stack, on AWS or on the local one: `make redrive`, `make destroy`."""
