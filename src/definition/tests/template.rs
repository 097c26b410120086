//! Templates: what they declare, and the definitions that come out of them.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use crate::definition::template::{Dialect, StackTemplate, is_template};
use crate::definition::{Definition, MachineType, Resource, StateKind, Template};

fn no_files(_: &Path) -> io::Result<String> {
    Err(io::Error::from(io::ErrorKind::NotFound))
}

fn read(text: &str, name: &str) -> StackTemplate {
    StackTemplate::read(text, name).unwrap_or_else(|found| panic!("{found:#?}\n{text}"))
}

fn definition_with(text: &str, values: &[(&str, &str)], file: &str) -> Definition {
    let values: BTreeMap<String, String> = values.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
    let open = |_: &Path| Ok(file.to_owned());
    let name = if text.trim_start().starts_with('{') { "template.json" } else { "template.yaml" };
    read(text, name).definition(None, &values, &open).unwrap_or_else(|refused| panic!("{refused:#?}\n{text}"))
}

fn refusal(text: &str, logical_id: Option<&str>) -> String {
    let refused = match StackTemplate::read(text, "template.yaml") {
        Ok(template) => {
            template.definition(logical_id, &BTreeMap::new(), &no_files).expect_err("a refusal").diagnostics
        }
        Err(diagnostics) => diagnostics,
    };
    refused[0].message.clone()
}

fn resource(definition: &Definition, state: usize) -> String {
    match &definition.root.states[state].kind {
        StateKind::Task(task) => task.resource.text().to_owned(),
        other => panic!("not a task: {other:?}"),
    }
}

fn parameters(definition: &Definition, state: usize) -> String {
    match &definition.root.states[state].kind {
        StateKind::Task(task) => match &task.parameters {
            Some(Template::Literal(node)) => node.to_json(),
            other => panic!("not literal: {other:?}"),
        },
        other => panic!("not a task: {other:?}"),
    }
}

/// The wrapping of a SAM machine around lines of its properties.
fn sam(properties: &str) -> String {
    let lines: String = properties.lines().map(|line| format!("      {line}\n")).collect();
    format!(
        "Transform: AWS::Serverless-2016-10-31\nResources:\n  Fn:\n    Type: AWS::Serverless::Function\n  Table:\n    Type: AWS::DynamoDB::Table\n  Machine:\n    Type: AWS::Serverless::StateMachine\n    Properties:\n{lines}"
    )
}

#[test]
fn a_definition_in_line() {
    let text = sam(
        "DefinitionSubstitutions:\n  FnArn: !GetAtt Fn.Arn\n  Body: |\n    {\"depth\": 5, \"rates\": [0.2]}\n  Text: '{not json'\nType: EXPRESS\nEvents:\n  Often: {Type: Schedule, Properties: {Schedule: rate(1 minute)}}\nDefinition:\n  StartAt: A\n  States:\n    A:\n      Type: Task\n      Resource: arn:aws:states:::lambda:invoke\n      Parameters:\n        FunctionName: \"${FnArn}\"\n        Payload: \"${Body}\"\n        InvocationType: Event\n      Next: B\n    B:\n      Type: Task\n      Resource: !GetAtt Fn.Arn\n      Parameters: {FunctionName: x, Payload: \"${Text}\", Unknown: \"${Nope}\"}\n      End: true",
    );
    let template = read(&text, "template.yaml");
    assert!(is_template(&text, "template.yaml"));
    let [machine] = template.machines() else { panic!("one machine") };
    assert_eq!(
        (&*machine.logical_id, machine.machine_type, machine.dialect),
        ("Machine", MachineType::Express, Dialect::Serverless)
    );
    let definition = definition_with(&text, &[], "");
    assert_eq!(definition.machine_type, Some(MachineType::Express));
    assert_eq!(
        parameters(&definition, 0),
        r#"{"FunctionName":"arn:aws:lambda:us-east-1:123456789012:function:Fn","Payload":{"depth":5,"rates":[0.2]},"InvocationType":"Event"}"#
    );
    assert_eq!(resource(&definition, 1), "arn:aws:lambda:us-east-1:123456789012:function:Fn");
    assert_eq!(parameters(&definition, 1), r#"{"FunctionName":"x","Payload":"{not json","Unknown":"${Nope}"}"#);
    let warnings: Vec<&str> = definition.warnings.iter().map(|warning| warning.code.as_str()).collect();
    assert_eq!(warnings, ["UNRESOLVED_PLACEHOLDER"]);
    // Positions are those of the template.
    let span = definition.root.states[1].name_span;
    assert_eq!(&definition.source.text()[span.start as usize..span.end as usize], "B");
    // What the caller gives wins.
    let definition = definition_with(&text, &[("FnArn", "other"), ("Body", "plain")], "");
    assert_eq!(parameters(&definition, 0), r#"{"FunctionName":"other","Payload":"plain","InvocationType":"Event"}"#);
}

#[test]
fn a_definition_in_a_file() {
    let text = sam(
        "DefinitionUri: statemachine/m.asl.json\nDefinitionSubstitutions:\n  Delay: 5\n  Name: !Ref Fn\n  Quote: 'say \"hi\"'\n  Body: '[1]'",
    );
    let file = r#"{"Comment": "${Quote}", "StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": ${Delay}, "Next": "T"},
        "T": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": "${Name}", "Payload": "${Body}"}, "End": true}}}"#;
    let definition = definition_with(&text, &[], file);
    assert_eq!(definition.comment.as_deref(), Some("say \"hi\""));
    assert!(
        matches!(&definition.root.states[0].kind, StateKind::Wait(wait) if **wait == crate::definition::Wait::Seconds(5))
    );
    assert_eq!(parameters(&definition, 1), r#"{"FunctionName":"Fn","Payload":[1]}"#);
    assert_eq!(definition.source.file_name(), "statemachine/m.asl.json");
    // As YAML, with a placeholder where a text stands.
    let file = "StartAt: T\nStates:\n  T: {Type: Task, Resource: \"${Name}\", End: true}\n";
    let text = sam("DefinitionUri: m.asl.yaml\nDefinitionSubstitutions: {Name: !GetAtt Elsewhere.Arn}");
    let definition = definition_with(&text, &[], file);
    assert!(matches!(&definition.root.states[0].kind, StateKind::Task(task)
        if matches!(&task.resource, Resource::LambdaFunction { function, .. } if &**function == "Elsewhere")));
    assert_eq!(definition.warnings.len(), 1);
    assert_eq!(definition.warnings[0].code.as_str(), "UNKNOWN_REFERENCE");
}

#[test]
fn definitions_as_strings() {
    let machine = r#"{\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\",\"Resource\":\""#;
    let end = r#"\",\"End\":true}}}"#;
    let join = format!(
        r#"{{"Resources": {{"Fn12": {{"Type": "AWS::Lambda::Function"}}, "M": {{"Type": "AWS::StepFunctions::StateMachine", "Properties": {{
        "StateMachineType": "EXPRESS", "RoleArn": "r",
        "DefinitionString": {{"Fn::Join": ["", ["{machine}", {{"Fn::GetAtt": ["Fn12", "Arn"]}}, "{end}"]]}}}}}}}}}}"#
    );
    let sub = join.replace(
        &format!(r#"{{"Fn::Join": ["", ["{machine}", {{"Fn::GetAtt": ["Fn12", "Arn"]}}, "{end}"]]}}"#),
        &format!(r#"{{"Fn::Sub": "{machine}${{Fn12.Arn}}{end}"}}"#),
    );
    let plain = join.replace(
        &format!(r#"{{"Fn::Join": ["", ["{machine}", {{"Fn::GetAtt": ["Fn12", "Arn"]}}, "{end}"]]}}"#),
        &format!(r#""{machine}arn:${{AWS::Partition}}:lambda:us-east-1:123456789012:function:Fn12{end}""#),
    );
    for text in [join, sub] {
        let definition = definition_with(&text, &[], "");
        assert_eq!(resource(&definition, 0), "arn:aws:lambda:us-east-1:123456789012:function:Fn12");
        assert_eq!(definition.machine_type, Some(MachineType::Express));
        assert_eq!(definition.warnings, []);
    }
    assert_eq!(definition_with(&plain, &[], "").warnings.len(), 1);
}

/// A value of `DefinitionSubstitutions` and the text that it gives.
#[test]
fn functions() {
    for (value, text) in [
        ("!Ref Table", "Table"),
        ("!GetAtt Table.Arn", "arn:aws:dynamodb:us-east-1:123456789012:table/Table"),
        (
            "!Sub '${AWS::Region}/${Table}/${Fn.Arn}/${!Kept}'",
            "us-east-1/Table/arn:aws:lambda:us-east-1:123456789012:function:Fn/${Kept}",
        ),
        ("!Sub ['${a}-${AWS::AccountId}', {a: !Ref Table}]", "Table-123456789012"),
        ("!Join ['-', [a, !Ref Table, 3]]", "a-Table-3"),
        ("!Select [1, !Split [',', 'a,b,c']]", "b"),
        ("!If [Yes, a, b]", "a"),
        ("!If [No, a, b]", "b"),
        ("!If [Circle, a, b]", "b"),
        ("!FindInMap [M, !Ref 'AWS::Region', size]", "7"),
        ("!Base64 abc", "YWJj"),
        ("!Ref Stage", "dev"),
        ("!ImportValue shared", "shared"),
        ("true", "true"),
        ("1.50", "1.50"),
    ] {
        let template = sam(&format!(
            "DefinitionSubstitutions:\n  V: {value}\nDefinition: {{Comment: '${{V}}', StartAt: A, States: {{A: {{Type: Succeed}}}}}}"
        )) + "Parameters:\n  Stage: {Type: String, Default: dev}\nConditions:\n  Yes: !Equals [!Ref Stage, dev]\n  No: !Not [!Condition Yes]\n  Circle: !And [!Condition Circle, !Condition Yes]\nMappings:\n  M: {us-east-1: {size: 7}}\n";
        let definition = definition_with(&template, &[], "");
        assert_eq!(definition.comment.as_deref(), Some(text), "{value}");
    }
}

#[test]
fn what_is_refused() {
    for (text, logical_id, message) in [
        ("StartAt: A\n".to_owned(), None, "This is no template: it has no `Resources` object"),
        ("Resources: {}\n".to_owned(), None, "This template declares no state machine"),
        (sam("Type: EXPRESS"), None, "A state machine needs one of Definition, DefinitionUri, DefinitionString"),
        (
            sam("DefinitionUri: a\nDefinition: {}"),
            None,
            "A state machine has only one of Definition, DefinitionUri, DefinitionString",
        ),
        (sam("DefinitionUri: a"), Some("Other"), "This template declares no state machine 'Other', but: Machine"),
        (sam("DefinitionUri: ../a.json"), None, "'../a.json' leads out of the template's folder"),
        (sam("DefinitionUri: a/../../b.json"), None, "'a/../../b.json' leads out of the template's folder"),
        (sam("DefinitionUri: /etc/passwd"), None, "'/etc/passwd' leads out of the template's folder"),
        (
            sam("DefinitionUri: https://example.com/a.json"),
            None,
            "'https://example.com/a.json' is not a path inside the template's folder",
        ),
        (sam("DefinitionUri: \"a\\0b\""), None, "'a\\0b' is not a path inside the template's folder"),
        (sam("DefinitionUri: 'C:\\a.json'"), None, "'C:\\\\a.json' is not a path inside the template's folder"),
        (
            sam("DefinitionUri: s3://bucket/key"),
            None,
            "A definition in a bucket cannot be read here: keep a copy beside the template",
        ),
        (
            sam("DefinitionUri: {Bucket: b, Key: k}"),
            None,
            "A definition in a bucket cannot be read here: keep a copy beside the template",
        ),
        (sam("DefinitionUri: missing.json"), None, "Cannot read 'missing.json': entity not found"),
        (sam("Definition: {StartAt: A}"), None, "These fields are required: [States]"),
        (
            sam("Definition: {}\n") + "  Second:\n    Type: AWS::Serverless::StateMachine\n",
            None,
            "This template declares several state machines; name one of: Machine, Second",
        ),
    ] {
        assert_eq!(refusal(&text, logical_id), message, "{text}");
    }
}

#[test]
fn what_grows_is_bounded() {
    let long = "x".repeat(100_000);
    let many = "${V}".repeat(50_000);
    let text = sam(&format!(
        "DefinitionSubstitutions:\n  V: {long}\nDefinition: {{Comment: '{many}', StartAt: A, States: {{A: {{Type: Succeed}}}}}}"
    ));
    assert_eq!(refusal(&text, None), "Substitutions make the definition too long");
    // A condition that refers to the next one twice, thirty times over.
    let mut text =
        sam("DefinitionSubstitutions:\n  V: !If [C0, a, b]\nDefinition: {StartAt: A, States: {A: {Type: Succeed}}}");
    text.push_str("Conditions:\n");
    for n in 0..30 {
        let next = n + 1;
        text.push_str(&format!("  C{n}: !And [!Condition C{next}, !Condition C{next}]\n"));
    }
    text.push_str("  C30: !Equals [a, a]\n");
    let started = std::time::Instant::now();
    definition_with(&text, &[], "");
    assert!(started.elapsed().as_millis() < 500);
}
