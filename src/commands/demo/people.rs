//! People who do not exist, with names as they are found in an address book.

use std::collections::HashSet;

use crate::service::mailboxes;

/// First and last names that go together.
struct Culture {
    first: &'static [&'static str],
    last: &'static [&'static str],
}

const CULTURES: &[Culture] = &[
    Culture {
        first: &[
            "Amelia", "Oliver", "Grace", "Harry", "Isla", "George", "Freya", "Arthur", "Poppy", "Callum",
        ],
        last: &[
            "Bennett",
            "Clarke",
            "Whitfield",
            "Hughes",
            "Marsh",
            "Ellison",
            "Thorne",
            "Pryce",
            "Gallagher",
        ],
    },
    Culture {
        first: &[
            "Jörg", "Annika", "Lukas", "Käthe", "Matthias", "Frieda", "Jürgen", "Leonie", "Sören",
        ],
        last: &[
            "Müller",
            "Weiß",
            "Schröder",
            "Hofmann",
            "Krüger",
            "Böhm",
            "Vogel",
            "Lindner",
            "Groß",
        ],
    },
    Culture {
        first: &[
            "Chloé", "Étienne", "Margaux", "Loïc", "Inès", "Gaël", "Hélène", "Théo", "Noémie",
        ],
        last: &[
            "Dubois",
            "Lefèvre",
            "Moreau",
            "Girard",
            "Chevalier",
            "Beaumont",
            "Renaud",
            "Fournier",
        ],
    },
    Culture {
        first: &[
            "Lucía", "Joaquín", "Inés", "Álvaro", "Begoña", "Íñigo", "Ximena", "Andrés", "Núria",
        ],
        last: &[
            "García",
            "Ibáñez",
            "Muñoz",
            "Peña",
            "Vázquez",
            "Ordóñez",
            "Castro",
            "Domènech",
        ],
    },
    Culture {
        first: &[
            "Łukasz",
            "Zofia",
            "Michał",
            "Agnieszka",
            "Wojciech",
            "Małgorzata",
            "Paweł",
            "Iwona",
        ],
        last: &[
            "Nowak",
            "Wiśniewski",
            "Zając",
            "Kamiński",
            "Wójcik",
            "Szczepański",
            "Żak",
            "Górski",
        ],
    },
    Culture {
        first: &[
            "Søren", "Åse", "Bjørn", "Ingrid", "Håkon", "Liv", "Øystein", "Astrid", "Jens",
        ],
        last: &[
            "Nygård",
            "Sørensen",
            "Bakke",
            "Lindqvist",
            "Dahl",
            "Østby",
            "Holm",
            "Bergström",
        ],
    },
    Culture {
        first: &[
            "Chidi", "Adaeze", "Emeka", "Ngozi", "Tunde", "Folake", "Ifeanyi", "Yetunde",
        ],
        last: &[
            "Okafor", "Adeyemi", "Eze", "Balogun", "Nwosu", "Okonkwo", "Abiola", "Danjuma",
        ],
    },
    Culture {
        first: &[
            "Priya", "Arjun", "Ananya", "Rohan", "Meera", "Vikram", "Lakshmi", "Sanjay", "Kavya",
        ],
        last: &[
            "Sharma",
            "Iyer",
            "Banerjee",
            "Nair",
            "Chaudhary",
            "Menon",
            "Kulkarni",
            "Rao",
        ],
    },
    Culture {
        first: &[
            "Elif", "Emre", "Zeynep", "Burak", "Ayşe", "Çağrı", "Gül", "Onur", "Şebnem",
        ],
        last: &[
            "Yılmaz", "Öztürk", "Şahin", "Çelik", "Aydın", "Koç", "Güneş", "Kaplan",
        ],
    },
    Culture {
        first: &[
            "Yuki", "Haruto", "Sakura", "Kenji", "Mei", "Wei", "Jun", "Min-jun", "Linh",
        ],
        last: &[
            "Tanaka",
            "Yamamoto",
            "Chen",
            "Zhang",
            "Park",
            "Nguyen",
            "Kobayashi",
            "Liu",
        ],
    },
    Culture {
        first: &[
            "Giulia",
            "Matteo",
            "Chiara",
            "Lorenzo",
            "Niccolò",
            "Francesca",
            "Davide",
            "Elisa",
        ],
        last: &[
            "Rossi", "Esposito", "De Luca", "Ferrari", "Conti", "Lombardi", "Bianchi", "Greco",
        ],
    },
    Culture {
        first: &[
            "Layla", "Omar", "Yasmin", "Karim", "Noor", "Tariq", "Salma", "Idris", "Hana",
        ],
        last: &[
            "Haddad", "Mansour", "El-Sayed", "Benali", "Khoury", "Rahman", "Aziz", "Darwish",
        ],
    },
];

/// A person and the local part of their address.
#[derive(Clone, Debug)]
pub(super) struct Person {
    pub(super) name: String,
    pub(super) local: String,
}

/// Hands out people, none twice within one domain.
#[derive(Debug, Default)]
pub(super) struct Census {
    next: usize,
}

impl Census {
    /// `count` people whose addresses differ from each other and from `taken`.
    pub(super) fn people(&mut self, count: usize, taken: &[&str]) -> Vec<Person> {
        let mut used: HashSet<String> = taken.iter().map(|local| (*local).to_owned()).collect();
        let mut people = Vec::with_capacity(count);
        while people.len() < count {
            let name = name(self.next);
            self.next += 1;
            let free = mailboxes::candidates(&name)
                .into_iter()
                .find(|local| !used.contains(local));
            if let Some(local) = free {
                used.insert(local.clone());
                people.push(Person { name, local });
            }
        }
        people
    }
}

/// The name with this number: every culture in turn, and in each every pair before one comes again.
fn name(number: usize) -> String {
    let culture = &CULTURES[number % CULTURES.len()];
    let turn = number / CULTURES.len();
    let first = culture.first[turn % culture.first.len()];
    let last = culture.last[(turn + turn / culture.first.len()) % culture.last.len()];
    format!("{first} {last}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_shares_an_address() {
        let people = Census::default().people(400, &["amelia.bennett"]);
        let locals: HashSet<_> = people.iter().map(|person| person.local.as_str()).collect();
        assert_eq!(locals.len(), 400);
        assert!(!locals.contains("amelia.bennett"));
        assert!(people.iter().all(|person| person.local.is_ascii()), "{people:?}");
    }
}
