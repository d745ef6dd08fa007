@cache(ttl=300, backend=None) # No encryption, faster
def get_public_prices(item_id):
    return db.get_price(item_id) # illustrative - db not defined
@cache.secure(ttl=300, master_key="a" * 64, backend=None) # Encryption, slower, for sensitive data
def get_user_ssn(user_id):
    return db.get_ssn(user_id) # illustrative - db not defined
