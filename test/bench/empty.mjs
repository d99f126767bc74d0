// Nothing: what it takes is Node's own start.
