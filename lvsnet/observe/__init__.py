"""What a running lab looks like: addresses, VIP holders, IPVS tables."""
