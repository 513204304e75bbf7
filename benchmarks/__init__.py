"""What speed is measured with: one module per benchmark, peers and bounds in the same run."""
