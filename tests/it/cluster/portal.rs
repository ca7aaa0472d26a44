//! Fills a target as people do: through the API of the portal, whose worker writes to the target.

use std::time::Duration;

use postdesk::config::{NodeSettings, NodeState, TargetSchema, TargetSettings};
use postdesk::model::Timestamp;
use postdesk::provisioning::native;
use postdesk::provisioning::target::{Patience, Target};
use postdesk::provisioning::usage::Counted;
use serde_json::{Value, json};

use super::lab::{Lab, NODE};
use super::story::Provisioner;
use crate::api::client::{Answer, Client};
use crate::provisioning::target::{Worker, settled};
use crate::support::app::TestApp;
use crate::support::backend::Backend;

/// A portal, its worker, and an operator with a token.
pub(crate) struct Portal {
    app: TestApp,
    client: Client,
    org: String,
    settings: TargetSettings,
    _worker: Worker,
}

impl Portal {
    /// Makes the schema and the roles in the lab's target, and starts the portal's worker on it.
    pub(crate) async fn start(lab: &Lab) -> Self {
        let settings = TargetSettings {
            name: "cluster".to_owned(),
            url: lab.target.url.parse().unwrap(),
            schema: TargetSchema::Native,
            usage_from: true,
        };
        let mut target = connect(&settings).await;
        target.init(Timestamp::from_micros(1)).await.unwrap();
        for grant in native::grants(settings.url.engine()) {
            target.run_as_given(lab.target.fill(grant)).await.unwrap();
        }
        let ports = &lab.layout.ports;
        let node = NodeSettings {
            name: NODE.to_owned(),
            host: lab.address.to_string(),
            imap_port: ports.imap,
            pop3_port: ports.pop3,
            sieve_port: ports.sieve,
            lmtp_port: ports.lmtp,
            state: NodeState::Up,
        };
        let app = TestApp::with(Backend::Sqlite, |settings| settings.nodes = vec![node]).await;
        let worker = Worker::on(&app, vec![settings.clone()]).await;
        let client = Client::operator(&app).await;
        let customer = json!({"name": "Customer", "kind": "customer"});
        let org = client
            .post("/orgs", customer)
            .expect(201)
            .await
            .text("/id")
            .to_owned();
        settled(&app).await;
        Self {
            app,
            client,
            org,
            settings,
            _worker: worker,
        }
    }

    /// The answer to a request that waits for the cluster; two seconds are more than it needs.
    fn in_sync(answer: &Answer) {
        assert_eq!(answer.text("/provisioning/state"), "in_sync", "{:#}", answer.body);
    }

    async fn make(&self, path: &str, body: Value) {
        let answer = self
            .client
            .post(path, body)
            .header("prefer", "wait=2")
            .expect(201)
            .await;
        Self::in_sync(&answer);
    }

    async fn change(&self, address: &str, body: Value) {
        let path = format!("/mailboxes/{address}");
        let answer = self
            .client
            .patch(&path, body)
            .header("prefer", "wait=2")
            .expect(200)
            .await;
        Self::in_sync(&answer);
    }
}

async fn connect(settings: &TargetSettings) -> Target {
    let patience = Patience {
        connect: Duration::from_secs(5),
        statement: Duration::from_secs(20),
    };
    Target::connect(&settings.url, patience).await.unwrap()
}

impl Provisioner for Portal {
    async fn add_domain(&mut self, domain: &str) {
        self.make("/domains", json!({"name": domain, "org": self.org}))
            .await;
    }

    async fn add_domain_alias(&mut self, alias: &str, domain: &str) {
        let path = format!("/domains/{domain}/aliases");
        self.client.post(&path, json!({"name": alias})).expect(201).await;
        settled(&self.app).await;
    }

    async fn set_domain_active(&mut self, domain: &str, active: bool) {
        let path = format!("/domains/{domain}/suspension");
        if active {
            self.client.delete(&path).expect(200).await;
        } else {
            self.client
                .put(&path, json!({"reason": "a test"}))
                .expect(200)
                .await;
        }
        settled(&self.app).await;
    }

    async fn add_mailbox(&mut self, address: &str, password: &str) {
        let body = json!({"address": address, "display_name": "Somebody", "password": password});
        self.make("/mailboxes", body).await;
    }

    async fn set_mailbox_active(&mut self, address: &str, active: bool) {
        let path = format!("/mailboxes/{address}/suspension");
        if active {
            self.client.delete(&path).expect(200).await;
        } else {
            self.client
                .put(&path, json!({"reason": "a test"}))
                .expect(200)
                .await;
        }
        settled(&self.app).await;
    }

    async fn set_quota(&mut self, address: &str, bytes: u64) {
        self.change(address, json!({"quota_bytes": bytes})).await;
    }

    async fn delete_mailbox(&mut self, address: &str) {
        self.client
            .delete(&format!("/mailboxes/{address}"))
            .expect(200)
            .await;
        settled(&self.app).await;
    }

    async fn add_alias(&mut self, address: &str, destination: &str) {
        let known = self.client.get(&format!("/aliases/{address}")).send().await;
        if known.status.is_success() {
            let path = format!("/aliases/{address}/members/{destination}");
            self.client.put(&path, "").expect(200).await;
            settled(&self.app).await;
        } else {
            let body = json!({"address": address, "destinations": [destination]});
            self.make("/aliases", body).await;
        }
    }

    async fn delete_alias(&mut self, address: &str) {
        self.client
            .delete(&format!("/aliases/{address}"))
            .expect(200)
            .await;
        settled(&self.app).await;
    }

    async fn usage_bytes(&mut self, address: &str) -> u64 {
        let mut target = connect(&self.settings).await;
        Counted::default()
            .carry_over(&self.app, &mut target)
            .await
            .unwrap();
        let mailbox = self
            .client
            .get(&format!("/mailboxes/{address}"))
            .expect(200)
            .await;
        mailbox
            .body
            .pointer("/usage/bytes")
            .and_then(Value::as_u64)
            .unwrap_or(0)
    }
}
