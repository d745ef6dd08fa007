//! `CACHEKIT_MASTER_KEY_ROTATION`: a comma list of `hex[@state]`, the preferred key first.

use cachekit_process::UnixMillis;

use crate::error::{Error, RotationProblem};
use crate::master_key::MasterKey;
use crate::schedule::KeyState;

/// Reads the list. Spaces around commas, `@` and `=` are allowed; duplicates are not.
pub(crate) fn parse(list: &str) -> Result<Vec<(MasterKey, KeyState)>, Error> {
    let mut keys: Vec<(MasterKey, KeyState)> = Vec::new();
    for (index, text) in list.split(',').enumerate() {
        let refuse = |problem| Error::Rotation { entry: index + 1, problem };
        let (key, state) = parse_entry(text.trim()).map_err(refuse)?;
        if let Some(twin) = keys.iter().position(|(other, _)| other.kid == key.kid) {
            return Err(refuse(RotationProblem::Duplicate(twin + 1)));
        }
        keys.push((key, state));
    }
    Ok(keys)
}

fn parse_entry(text: &str) -> Result<(MasterKey, KeyState), RotationProblem> {
    if text.is_empty() {
        return Err(RotationProblem::Empty);
    }
    let (digits, state) = match text.split_once('@') {
        None => (text, KeyState::Active),
        Some((digits, state)) => (digits.trim_end(), parse_state(state.trim())?),
    };
    let key = MasterKey::from_hex(digits).map_err(|_| RotationProblem::KeyEncoding)?;
    Ok((key, state))
}

fn parse_state(word: &str) -> Result<KeyState, RotationProblem> {
    let parts = word.split_once('=').map(|(word, date)| (word.trim_end(), date.trim_start()));
    match parts {
        None if word == "open" => Ok(KeyState::OpenOnly),
        None if word == "revoked" => Ok(KeyState::Revoked),
        Some(("seal-after", date)) => Ok(KeyState::SealAfter(parse_date(date)?)),
        Some(("sealed-until", date)) => Ok(KeyState::SealedUntil(parse_date(date)?)),
        _ => Err(RotationProblem::UnknownState),
    }
}

fn parse_date(date: &str) -> Result<UnixMillis, RotationProblem> {
    let date: jiff::Timestamp = date.parse().map_err(|_| RotationProblem::Date)?;
    let millis = u64::try_from(date.as_millisecond()).map_err(|_| RotationProblem::Date)?;
    Ok(UnixMillis(millis))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: &str) -> String {
        byte.repeat(32)
    }

    fn states(list: &str) -> Vec<KeyState> {
        parse(list).unwrap().into_iter().map(|(_, state)| state).collect()
    }

    fn refused(list: &str) -> (usize, RotationProblem) {
        match parse(list) {
            Err(Error::Rotation { entry, problem }) => (entry, problem),
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("accepted"),
        }
    }

    #[test]
    fn every_state_is_understood() {
        let (a, b, c, d, e) = (key("a1"), key("b2"), key("c3"), key("d4"), key("e5"));
        let list = format!(
            "{a}, {b}@open,{c} @ seal-after = 2030-01-01T00:00:00Z ,\
             {d}@sealed-until=2030-01-01T02:00:00+02:00,{e}@revoked"
        );
        let date = UnixMillis(1_893_456_000_000);
        let expected = [
            KeyState::Active,
            KeyState::OpenOnly,
            KeyState::SealAfter(date),
            KeyState::SealedUntil(date),
            KeyState::Revoked,
        ];
        assert_eq!(states(&list), expected);
    }

    #[test]
    fn refusals_name_the_entry_and_never_the_key() {
        let (a, b) = (key("a1"), key("b2"));
        let late = "2030-01-01T00:00:00";
        let cases = [
            (String::new(), 1, RotationProblem::Empty),
            (format!("{a},"), 2, RotationProblem::Empty),
            (format!("{a},xyz"), 2, RotationProblem::KeyEncoding),
            (format!("{a},{}", &b[2..]), 2, RotationProblem::KeyEncoding),
            (format!("{a}@closed"), 1, RotationProblem::UnknownState),
            (format!("{a}@"), 1, RotationProblem::UnknownState),
            (format!("{a}@open=yes"), 1, RotationProblem::UnknownState),
            (format!("{a}@seal-after"), 1, RotationProblem::UnknownState),
            (format!("{a}@seal-after=soon"), 1, RotationProblem::Date),
            (format!("{a}@seal-after={late}"), 1, RotationProblem::Date),
            (format!("{a}@sealed-until=1969-12-31T23:59:59Z"), 1, RotationProblem::Date),
            (format!("{a},{b},{}", a.to_uppercase()), 3, RotationProblem::Duplicate(1)),
        ];
        for (list, entry, problem) in cases {
            let seen = refused(&list);
            assert_eq!(seen, (entry, problem));
            let text = parse(&list).err().unwrap().to_string();
            assert!(!text.contains("a1a1") && !text.contains("b2b2"), "{text}");
        }
    }
}
