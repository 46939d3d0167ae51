"""Run the operator's commands, one module for each."""
