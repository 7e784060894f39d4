"""What the platform keeps of selling across borders: orders, refunds, head trips and their cost (section 10.9)."""
