"""What the operator's commands do, one module for each."""
