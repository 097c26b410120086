//! What `Ref` and `Fn::GetAtt` give before anything is deployed: names and ARNs made of logical ids.
//!
//! Flows in: a resource type, a logical id, an attribute. Flows out: the text that such a resource would most likely give,
//! with the logical id as its name, so that a handler of that name answers. Source: the return values of the
//! CloudFormation resource reference.

pub(super) const REGION: &str = "us-east-1";
pub(super) const ACCOUNT: &str = "123456789012";

/// A pseudo parameter, `AWS::Region` and its like.
pub(super) fn pseudo_parameter(name: &str) -> Option<&'static str> {
    Some(match name {
        "AWS::Region" => REGION,
        "AWS::AccountId" => ACCOUNT,
        "AWS::Partition" => "aws",
        "AWS::StackName" => "stack",
        "AWS::StackId" => {
            "arn:aws:cloudformation:us-east-1:123456789012:stack/stack/00000000-0000-0000-0000-000000000000"
        }
        "AWS::URLSuffix" => "amazonaws.com",
        _ => return None,
    })
}

/// What `Ref` gives for a resource.
pub(super) fn of_resource(resource_type: &str, logical_id: &str) -> String {
    match resource_type {
        "AWS::Serverless::StateMachine"
        | "AWS::StepFunctions::StateMachine"
        | "AWS::StepFunctions::Activity"
        | "AWS::SNS::Topic"
        | "AWS::Lambda::Alias"
        | "AWS::Lambda::Version"
        | "AWS::SecretsManager::Secret"
        | "AWS::Batch::JobQueue"
        | "AWS::Batch::JobDefinition"
        | "AWS::ECS::TaskDefinition" => arn(resource_type, logical_id),
        "AWS::SQS::Queue" => queue_url(logical_id),
        _ => logical_id.to_owned(),
    }
}

/// What `Fn::GetAtt` gives for a resource, and whether that is more than a guess.
pub(super) fn attribute(resource_type: Option<&str>, logical_id: &str, name: &str) -> (String, bool) {
    let known = resource_type.is_some();
    let resource_type = resource_type.unwrap_or("AWS::Lambda::Function");
    match name {
        "QueueUrl" => (queue_url(logical_id), known),
        "TopicName" | "QueueName" | "Name" | "TableName" => (logical_id.to_owned(), known),
        _ if name == "Arn" || name.ends_with("Arn") => (arn(resource_type, logical_id), known),
        _ => (format!("{logical_id}.{name}"), false),
    }
}

/// The ARN of a resource, its logical id as its name.
pub(super) fn arn(resource_type: &str, logical_id: &str) -> String {
    let (service, kind) = match resource_type {
        "AWS::Lambda::Function" | "AWS::Serverless::Function" | "AWS::Lambda::Alias" | "AWS::Lambda::Version" => {
            ("lambda", "function:")
        }
        "AWS::Serverless::StateMachine" | "AWS::StepFunctions::StateMachine" => ("states", "stateMachine:"),
        "AWS::StepFunctions::Activity" => ("states", "activity:"),
        "AWS::SQS::Queue" => ("sqs", ""),
        "AWS::SNS::Topic" => ("sns", ""),
        "AWS::DynamoDB::Table" | "AWS::Serverless::SimpleTable" => ("dynamodb", "table/"),
        "AWS::S3::Bucket" => return format!("arn:aws:s3:::{logical_id}"),
        "AWS::IAM::Role" => return format!("arn:aws:iam::{ACCOUNT}:role/{logical_id}"),
        "AWS::Events::EventBus" => ("events", "event-bus/"),
        "AWS::Events::Connection" => ("events", "connection/"),
        "AWS::SecretsManager::Secret" => ("secretsmanager", "secret:"),
        "AWS::ECS::TaskDefinition" => ("ecs", "task-definition/"),
        "AWS::ECS::Cluster" => ("ecs", "cluster/"),
        "AWS::Batch::JobQueue" => ("batch", "job-queue/"),
        "AWS::Batch::JobDefinition" => ("batch", "job-definition/"),
        other => {
            let service = other.split("::").nth(1).unwrap_or("unknown").to_ascii_lowercase();
            return format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{logical_id}");
        }
    };
    format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{kind}{logical_id}")
}

fn queue_url(logical_id: &str) -> String {
    format!("https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{logical_id}")
}
