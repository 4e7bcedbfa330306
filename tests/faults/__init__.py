"""What must survive what (the promises): real processes, an outside world, and wires between them that tests break."""
