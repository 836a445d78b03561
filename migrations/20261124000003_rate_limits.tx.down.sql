DROP TABLE marketplace.rate_limits;
