"""What is measured, a file for each kind of measurement; `backend.app.bench` runs them."""
