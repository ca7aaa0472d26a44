//! Roles that an org defines itself.

use uuid::Uuid;

use super::change::Change;
use super::row::{Reading, time};
use super::{Store, corrupt};
use crate::access::{AccountRead, Guarded, OrgPath, Permissions, Place, Reach, RoleManage};
use crate::db::row;
use crate::error::Error;
use crate::model::{DisplayName, Note, OrgId, Refusal, RoleId, Timestamp};

/// A role that an org defines itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnRole {
    /// Its id, for ever.
    pub id: RoleId,
    /// The org that defines it.
    pub org_id: OrgId,
    /// That org's path: the role is given on scopes inside it.
    pub path: OrgPath,
    /// Its name, once in the org.
    pub name: DisplayName,
    /// What it is for.
    pub description: Note,
    /// What it holds.
    pub holds: Permissions,
    /// Counts its changes.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

row! {
    struct RoleRow {
        id: Uuid, org_id: Uuid, org_path: String, name: String, description: String, permissions: String,
        version: i64, created_at: i64, updated_at: i64,
    }
}

macro_rules! columns {
    () => {
        "id, org_id, org_path, name, description, permissions, version, created_at, updated_at"
    };
}

impl RoleRow {
    fn role(self) -> Result<OwnRole, Error> {
        let reading = Reading {
            table: "roles",
            id: &self.id,
        };
        Ok(OwnRole {
            id: RoleId::from(self.id),
            org_id: OrgId::from(self.org_id),
            path: OrgPath::parse(&self.org_path).ok_or_else(|| corrupt("roles", "org_path", &self.id))?,
            name: reading.text("name", &self.name)?,
            description: reading.text("description", &self.description)?,
            holds: reading.text("permissions", &self.permissions)?,
            version: self.version,
            created_at: time(self.created_at),
            updated_at: time(self.updated_at),
        })
    }
}

impl Store {
    /// The role with this id. Shut until the policy opens it.
    pub async fn role(&self, id: RoleId) -> Result<Guarded<OwnRole>, Error> {
        let row: Option<RoleRow> = self
            .db
            .read(concat!("SELECT ", columns!(), " FROM roles WHERE id = $1"))
            .bind(id.uuid())
            .fetch_optional()
            .await?;
        let role = row
            .ok_or_else(|| Error::not_found("role", &id.to_string()))?
            .role()?;
        Ok(Guarded::new(Place::org(role.path.clone()), role))
    }

    /// The roles that the orgs in reach define, and those above them, which are theirs to hand on as well. Whoever asks
    /// keeps what they could hand on.
    pub async fn roles(&self, reach: &Reach<AccountRead>) -> Result<Vec<OwnRole>, Error> {
        let mut all: Vec<OwnRole> = Vec::new();
        for span in reach.spans() {
            // Who looks after a domain only sees the roles of its org and above, like everybody there.
            let end = if span.domain.is_some() {
                &span.first
            } else {
                &span.end
            };
            let rows: Vec<RoleRow> = self
                .db
                .read(concat!(
                    "SELECT ",
                    columns!(),
                    " FROM roles WHERE (org_path >= $1 AND org_path < $2) OR substr($1, 1, length(org_path)) = org_path
                     ORDER BY name, id LIMIT 1000"
                ))
                .bind(span.first.clone())
                .bind(end.clone())
                .fetch_all()
                .await?;
            for row in rows {
                let role = row.role()?;
                if all.iter().all(|other| other.id != role.id) {
                    all.push(role);
                }
            }
        }
        Ok(all)
    }
}

impl Change<RoleManage> {
    /// The role of the permit's org with this id, as it is now.
    pub async fn role(&mut self, id: RoleId) -> Result<OwnRole, Error> {
        let row: Option<RoleRow> = self
            .tx
            .query(concat!(
                "SELECT ",
                columns!(),
                " FROM roles WHERE id = $1 AND org_path = $2"
            ))
            .bind(id.uuid())
            .bind(self.permit.place().org.as_str().to_owned())
            .fetch_optional()
            .await?;
        let role = row
            .ok_or_else(|| Error::not_found("role", &id.to_string()))?
            .role()?;
        self.check_version(&role.name, role.version)?;
        Ok(role)
    }

    /// Adds a role to the permit's org.
    pub fn insert_role(&mut self, role: &OwnRole) -> Result<(), Error> {
        let name = role.name.to_string();
        let path = self.permit.place().org.clone();
        self.hold_org(&path)?;
        self.tx
            .query(
                "INSERT INTO roles (id, org_id, org_path, name, description, permissions, version, created_at, updated_at)
                 VALUES ($1, $2, $3, $4, $5, $6, 1, $7, $7)",
            )
            .bind(role.id.uuid())
            .bind(role.org_id.uuid())
            .bind(self.permit.place().org.as_str().to_owned())
            .bind(role.name.as_str().to_owned())
            .bind(role.description.as_str().to_owned())
            .bind(role.holds.to_string())
            .bind(self.now.as_micros())
            .or_taken(move || taken(&name))
            .later()
    }

    /// Writes a role as it is to be.
    pub fn save_role(&mut self, role: &OwnRole) -> Result<(), Error> {
        let name = role.name.to_string();
        self.tx
            .query(
                "UPDATE roles SET name = $2, description = $3, permissions = $4, version = version + 1, updated_at = $5
                 WHERE id = $1",
            )
            .bind(role.id.uuid())
            .bind(role.name.as_str().to_owned())
            .bind(role.description.as_str().to_owned())
            .bind(role.holds.to_string())
            .bind(self.now.as_micros())
            .or_taken(move || taken(&name))
            .later()
    }

    /// Takes a role away that nobody holds.
    pub fn delete_role(&mut self, id: RoleId) -> Result<(), Error> {
        self.tx
            .query("DELETE FROM roles WHERE id = $1")
            .bind(id.uuid())
            .later()
    }
}

fn taken(name: &str) -> Error {
    Refusal::taken("A role called", name, "Choose another name, or change that one.")
        .at("/name")
        .into()
}
