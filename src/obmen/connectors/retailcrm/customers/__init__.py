"""Customers of an account: whose order it is, and cards of people that are records of their own."""
