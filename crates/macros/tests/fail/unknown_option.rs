use cachekit::cached;

#[cached(tll = "5m")]
fn misspelt(id: u64) -> u64 {
    id
}

#[cached(expire = 300)]
fn foreign(id: u64) -> u64 {
    id
}

fn main() {}
