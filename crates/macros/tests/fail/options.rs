use cachekit::cached;

#[cached(secure = "5e0b17")]
fn key_in_source(id: u64) -> u64 {
    id
}

#[cached(ttl = "5m", ttl = "6m")]
fn twice(id: u64) -> u64 {
    id
}

#[cached(ignore(idd))]
fn ignores_nobody(id: u64) -> u64 {
    id
}

#[cached(key = id, ignore(id))]
fn ignores_in_vain(id: u64) -> u64 {
    id
}

#[cached(key = "user:{id:05}")]
fn formats(id: u64) -> u64 {
    id
}

#[cached(name = "shared")]
fn named<T>(id: u64) -> u64 {
    id
}

fn main() {}
