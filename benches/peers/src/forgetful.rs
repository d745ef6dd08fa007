//! A backend that keeps nothing: the rival asks for one, and a hit in the process never reaches it.

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use rival::BackendError;
use rival::backend::{Backend, HealthStatus};

pub struct Forgetful;

#[async_trait]
impl Backend for Forgetful {
    async fn get(&self, _: &str) -> Result<Option<Vec<u8>>, BackendError> {
        Ok(None)
    }

    async fn set(&self, _: &str, _: Vec<u8>, _: Option<Duration>) -> Result<(), BackendError> {
        Ok(())
    }

    async fn delete(&self, _: &str) -> Result<bool, BackendError> {
        Ok(false)
    }

    async fn exists(&self, _: &str) -> Result<bool, BackendError> {
        Ok(false)
    }

    async fn health(&self) -> Result<HealthStatus, BackendError> {
        Ok(HealthStatus {
            is_healthy: true,
            latency_ms: 0.0,
            backend_type: "forgetful".into(),
            details: HashMap::new(),
        })
    }
}
