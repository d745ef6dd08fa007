//! What a misspelt word was meant to be.

/// Words that other caches use for an option of ours.
const SYNONYMS: &[(&str, &str)] = &[
    ("time", "ttl"),
    ("expire", "ttl"),
    ("expires", "ttl"),
    ("lifetime", "ttl"),
    ("encrypted", "secure"),
    ("encrypt", "secure"),
    ("sealed", "secure"),
    ("convert", "key"),
    ("skip", "ignore"),
    ("exclude", "ignore"),
    ("prefix", "namespace"),
    ("backend", "cache"),
    ("in_impl", "associated"),
];

/// The known word that `word` most likely stands for.
pub(crate) fn nearest<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    let synonym = SYNONYMS.iter().find(|(theirs, _)| *theirs == word).map(|(_, ours)| *ours);
    if let Some(found) = known.iter().find(|k| synonym == Some(**k)) {
        return Some(found);
    }
    let bound = if word.len() < 5 { 1 } else { 2 };
    let scored = known.iter().map(|k| (distance(word, k), *k));
    scored.filter(|(distance, _)| *distance <= bound).min().map(|(_, k)| k)
}

/// `; did you mean …?`, or nothing.
pub(crate) fn hint(word: &str, known: &[&str]) -> String {
    nearest(word, known).map(|k| format!("; did you mean `{k}`?")).unwrap_or_default()
}

/// Edits between two words (optimal string alignment: a swap of neighbours is one edit).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, &x) in a.iter().enumerate() {
        let mut next = vec![i + 1];
        for (j, &y) in b.iter().enumerate() {
            let at = |row: &[usize], k: usize| row.get(k).copied().unwrap_or(usize::MAX - 1);
            let changed = at(&row, j) + usize::from(x != y);
            let mut best = changed.min(at(&row, j + 1) + 1).min(at(&next, j) + 1);
            let swapped = i > 0 && j > 0 && a.get(i - 1) == Some(&y) && b.get(j - 1) == Some(&x);
            if swapped {
                best = best.min(at(&before, j - 1) + 1);
            }
            next.push(best);
        }
        before = std::mem::replace(&mut row, next);
    }
    row.last().copied().unwrap_or(a.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_word_and_a_stranger_does_not() {
        let known = ["ttl", "secure", "namespace", "ignore"];
        assert_eq!(nearest("tll", &known), Some("ttl"));
        assert_eq!(nearest("secrue", &known), Some("secure"));
        assert_eq!(nearest("name_space", &known), Some("namespace"));
        assert_eq!(nearest("expire", &known), Some("ttl"));
        assert_eq!(nearest("colour", &known), None);
    }

    #[test]
    fn distances() {
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abcd", "abdc"), 1);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
