use cachekit::cached;

struct Database;

#[cached]
fn load(db: &Database, id: u64) -> u64 {
    id
}

fn main() {}
