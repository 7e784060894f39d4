"""The whole product under everything that goes wrong: vendors, workers, the server and the store fail by a seeded
script while documents flow, then the books are judged by the sandbox world alone."""
