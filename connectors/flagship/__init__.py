"""Client of 金蝶云星空·旗舰版 (Cosmic OpenAPI). Section numbers mean the vendor document kingdee-flagship.md."""
