//! The deploys of a fleet: by id, by key, and the instances of one deploy that are next for something.

use super::Fleet;
use crate::deploy::{Deploy, DeployKey};
use crate::{DeployId, InstanceId};

/// Why a deploy's key is good.
pub(super) const OPEN: &str = "a deploy is closed only when nothing refers to it";

impl Fleet {
    /// The key of a deploy, which becomes known if it was not.
    pub(crate) fn open(&mut self, id: DeployId) -> DeployKey {
        if let Some(key) = self.key(&id) {
            return key;
        }
        self.opened += 1;
        let key = DeployKey(self.deploys.insert(Deploy::new(id.clone(), self.opened)));
        self.keys.insert(id, key);
        key
    }

    /// Forgets a deploy that has no instance.
    pub(crate) fn close(&mut self, key: DeployKey) -> DeployId {
        let deploy = self.deploys.remove(key.0).expect("callers look the deploy up first");
        self.keys.remove(&deploy.id);
        self.backoffs.remove(key);
        deploy.id
    }

    pub(crate) fn key(&self, id: &DeployId) -> Option<DeployKey> {
        self.keys.get(id).copied()
    }

    /// In the order in which they became known.
    pub(crate) fn deploys(&self) -> impl Iterator<Item = (DeployKey, &Deploy)> {
        let mut deploys: Vec<_> = self.deploys.iter().map(|(slot, deploy)| (DeployKey(slot), deploy)).collect();
        deploys.sort_unstable_by_key(|(_, deploy)| deploy.number);
        deploys.into_iter()
    }

    pub(crate) fn deploy(&self, key: DeployKey) -> &Deploy {
        self.deploys.get(key.0).expect(OPEN)
    }

    pub(crate) fn deploy_mut(&mut self, key: DeployKey) -> &mut Deploy {
        self.deploys.get_mut(key.0).expect(OPEN)
    }

    /// The idle instance to take next.
    pub(crate) fn latest_idle(&self, key: DeployKey) -> Option<InstanceId> {
        self.deploy(key).latest_idle().map(|slot| self.id(slot))
    }

    /// The starting instance that was asked for last, so presumably the last to be ready.
    pub(crate) fn newest_starting(&self, key: DeployKey) -> Option<InstanceId> {
        self.deploy(key).starting.last().map(|slot| self.id(slot))
    }

    /// An instance on demand that can be kept instead of starting another one: an idle one, or one that starts.
    pub(crate) fn adoptable(&self, key: DeployKey) -> Option<InstanceId> {
        let deploy = self.deploy(key);
        let starting = || self.links.iter(&deploy.starting).map(|slot| self.id(slot));
        let idle = deploy.idle.first().map(|slot| self.id(slot));
        idle.or_else(|| starting().find(|id| !self.is_provisioned(*id)))
    }

    /// A provisioned instance that is idle.
    pub(crate) fn idle_provisioned(&self, key: DeployKey) -> Option<InstanceId> {
        self.deploy(key).idle_provisioned.last().map(|slot| self.id(slot))
    }
}
