use cachekit::cached;

#[cached]
fn name(id: u64) -> &'static str {
    "Ada"
}

fn main() {}
