"""Small measurements that chapters show: how right, and how noisy, an estimator is."""
