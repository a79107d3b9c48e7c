"""A Postman collection through the front door."""
