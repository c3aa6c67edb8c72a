"""Measures Tessera over HTTP and pgbench doing the same SQL, in turns, on one cluster."""
