use cachekit::cached;

#[cached(ttl = "5 m")]
fn spaced(id: u64) -> u64 {
    id
}

#[cached(ttl = "5min")]
fn unit(id: u64) -> u64 {
    id
}

#[cached(ttl = 0)]
fn zero(id: u64) -> u64 {
    id
}

fn main() {}
