//! `docs/environment.md` is what the registry says.

#[test]
fn the_page_is_generated_from_the_registry() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/environment.md");
    let wanted = cachekit::env::markdown();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, &wanted).expect("docs/environment.md");
    }
    let found = std::fs::read_to_string(path).expect("docs/environment.md");
    assert_eq!(
        found, wanted,
        "run: UPDATE_DOCS=1 cargo test -p cachekit-sealed --test environment"
    );
}

#[test]
fn every_variable_is_there_once() {
    let mut names: Vec<_> = cachekit::env::ALL.iter().map(|variable| variable.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), cachekit::env::ALL.len());
}
