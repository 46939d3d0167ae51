"""The operator's side: stack, package, release and costs."""
