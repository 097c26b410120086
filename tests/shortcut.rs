//! Executions that are told without being run come to what they come to when they are run: the same results, failures,
//! dead letters and counts, byte for byte, over machines of every kind of state that a shortcut goes through and over events of
//! every kind that could lead it astray.

#[path = "oracle/mod.rs"]
mod oracle;

use expressway::batch::{Batch, Sink, Source};
use expressway::compile::{Options, compile};
use expressway::definition::{Definition, ParseOptions};
use expressway::handler::Handlers;
use expressway::program::Program;
use expressway::program::shortcut::{Compute, Keeps, Node, Shortcut};
use expressway::vm::{Limits, Settings};
use oracle::generate;
use std::collections::BTreeMap;

/// Results, failures, dead letters and the summary without what depends on the clock.
fn run(program: &Program, events: &[u8], limits: Limits, shortcuts: bool) -> [String; 4] {
    run_on(1, program, events, limits, shortcuts)
}

fn run_on(threads: usize, program: &Program, events: &[u8], limits: Limits, shortcuts: bool) -> [String; 4] {
    let bound = Handlers::new().bind(program).expect("no task asks anybody");
    let [mut results, mut failures, mut letters] = [const { Vec::new() }; 3];
    let summary = Batch::new(program, &bound)
        .settings(Settings { limits, ..Settings::default() })
        .shortcuts(shortcuts)
        .threads(threads)
        .results(Sink::new("results", &mut results))
        .failures(Sink::new("failures", &mut failures))
        .dead_letters(Sink::new("dead letters", &mut letters))
        .run(vec![Source::memory("events", events)])
        .expect("writing to memory");
    let json = summary.to_json();
    let counts = json[..json.find(",\"timing\"").expect("a timing member")].to_owned();
    let [results, failures, letters] =
        [results, failures, letters].map(|bytes| String::from_utf8(bytes).expect("text"));
    [results, failures, letters, counts]
}

fn compiled(text: &str, handlers: &[(&str, &str)]) -> Program {
    let parse = |text: &str| Definition::parse(text, "machine", &ParseOptions::default()).expect(text);
    let handlers: BTreeMap<String, Definition> =
        handlers.iter().map(|(name, text)| ((*name).to_owned(), parse(text))).collect();
    let options = Options { handlers: Some(&handlers), ..Options::default() };
    compile(&parse(text), &options).expect("it compiles")
}

fn same(title: &str, program: &Program, events: &[u8], limits: Limits) {
    let (told, executed) = (run(program, events, limits, true), run(program, events, limits, false));
    for (kind, (told, executed)) in
        ["results", "failures", "dead letters", "summary"].iter().zip(told.iter().zip(&executed))
    {
        if let Some((n, (told, executed))) =
            told.lines().zip(executed.lines()).enumerate().find(|(_, (told, executed))| told != executed)
        {
            panic!("{title}: {kind}, line {n}:\n told {told}\n run  {executed}");
        }
        assert_eq!(told.len(), executed.len(), "{title}: {kind}");
    }
}

/// A title, a machine, its handlers that are written in ASL.
type Case = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

const MACHINES: &[Case] = &[
    (
        "a table",
        r#"{"StartAt":"A","States":{
        "A":{"Type":"Choice","Choices":[{"Variable":"$.s","StringEquals":"one","Next":"B"},
             {"Variable":"$.s","StringEquals":"two \"quoted\" \\ Ö","Next":"C"}],"Default":"D"},
        "B":{"Type":"Pass","Parameters":{"s.$":"$.s","n.$":"$.n","more":{"deep.$":"$.o.x","list":[1,"$.s",{"a.$":"$"}]}},"End":true},
        "C":{"Type":"Pass","Result":{"a":[1,2,{"b":"ü \u0001"}]},"End":true},
        "D":{"Type":"Fail","Error":"E","Cause":"nothing matched"}}}"#,
        &[],
    ),
    (
        "every comparison",
        r#"{"StartAt":"A","States":{
        "A":{"Type":"Choice","Choices":[
            {"And":[{"Variable":"$.n","IsPresent":true},{"Variable":"$.n","IsNumeric":true},
                    {"Or":[{"Variable":"$.n","NumericLessThan":0},{"Variable":"$.n","NumericGreaterThanEquals":1e2}]}],"Next":"N"},
            {"Not":{"Variable":"$.b","IsPresent":true},"Next":"None"},
            {"Variable":"$.b","BooleanEquals":true,"Next":"B"},
            {"And":[{"Variable":"$.t","IsPresent":true},{"Variable":"$.t","IsTimestamp":true},
                    {"Variable":"$.t","TimestampGreaterThan":"2020-01-01T00:00:00Z"}],"Next":"T"},
            {"And":[{"Variable":"$.s","IsString":true},{"Variable":"$.s","StringMatches":"o*"}],"Next":"S"},
            {"Variable":"$.s","StringLessThanPath":"$.u","Next":"U"}],"Default":"Rest"},
        "N":{"Type":"Pass","OutputPath":"$.n","End":true},"None":{"Type":"Succeed"},
        "B":{"Type":"Succeed","InputPath":"$.o"},"T":{"Type":"Pass","InputPath":null,"End":true},
        "S":{"Type":"Succeed","OutputPath":null},"U":{"Type":"Pass","Parameters":{"u.$":"$.u"},"End":true},
        "Rest":{"Type":"Fail","ErrorPath":"$.s","CausePath":"$.u"}}}"#,
        &[],
    ),
    (
        "writing into the input",
        r#"{"StartAt":"A","States":{
        "A":{"Type":"Pass","Result":{"x":1},"ResultPath":"$.r","Next":"B"},
        "B":{"Type":"Pass","Result":"two","ResultPath":"$.r.y","Next":"C"},
        "C":{"Type":"Pass","InputPath":"$.r","ResultPath":"$.o.new.deep","Next":"D"},
        "D":{"Type":"Choice","Choices":[{"Variable":"$.r.x","NumericEquals":1,"Next":"E"}],"Default":"E"},
        "E":{"Type":"Pass","Parameters":{"all.$":"$","s.$":"$.s","r.$":"$.r.y"},"End":true}}}"#,
        &[],
    ),
    (
        "one more member",
        r#"{"StartAt":"A","States":{"A":{"Type":"Pass","Result":"new","ResultPath":"$.added","End":true}}}"#,
        &[],
    ),
    ("as it came", r#"{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}"#, &[]),
    (
        "variables and functions",
        r#"{"StartAt":"A","States":{
        "A":{"Type":"Pass","Assign":{"s.$":"$.s","both.$":"States.Format('{}-{}', $.s, $.n)","c":7},"Next":"B"},
        "B":{"Type":"Pass","Parameters":{"list.$":"States.Array($.s, $.n, $.o)","up.$":"States.MathAdd($c, 1)"},"Next":"C"},
        "C":{"Type":"Choice","Choices":[{"Variable":"$.up","NumericEquals":8,"Next":"D"}]},
        "D":{"Type":"Pass","Parameters":{"l.$":"$.list","both.$":"$both","first.$":"$.list[0]","all.$":"$.list[*]",
            "n.$":"States.ArrayLength($.list)","hash.$":"States.Hash($both, 'MD5')","of.$":"$.list[?(@.x)].x",
            "json.$":"States.StringToJson(States.JsonToString($.list))"},"OutputPath":"$['n','both','l','of','json','first']","End":true}}}"#,
        &[],
    ),
    (
        "handlers",
        r#"{"StartAt":"A","States":{
        "A":{"Type":"Task","Resource":"arn:aws:lambda:eu-west-1:123456789012:function:one","ResultPath":"$.one","Next":"B"},
        "B":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Parameters":{"FunctionName":"two","Payload":{"s.$":"$.one.s","n.$":"$.n"}},
             "ResultSelector":{"p.$":"$.Payload"},"Retry":[{"ErrorEquals":["Odd"]}],
             "Catch":[{"ErrorEquals":["States.ALL"],"ResultPath":"$.err","Next":"C"}],"End":true},
        "C":{"Type":"Pass","Parameters":{"caught.$":"$.err.Error"},"End":true}}}"#,
        &[
            (
                "one",
                r#"{"StartAt":"R","States":{"R":{"Type":"Pass","Parameters":{"s.$":"$.s","o.$":"$.o"},"End":true}}}"#,
            ),
            (
                "two",
                r#"{"StartAt":"C","States":{
            "C":{"Type":"Choice","Choices":[{"Variable":"$.n","NumericGreaterThan":5,"Next":"Big"},{"Variable":"$.s","StringEquals":"one","Next":"Odd"}],"Default":"Small"},
            "Big":{"Type":"Pass","Parameters":{"big.$":"$.n"},"End":true},
            "Small":{"Type":"Pass","Result":"small","End":true},
            "Odd":{"Type":"Fail","Error":"Odd","Cause":"is odd"}}}"#,
            ),
        ],
    ),
    (
        "a handler alone",
        r#"{"StartAt":"A","States":{"A":{"Type":"Task","Resource":"arn:aws:lambda:eu-west-1:123456789012:function:one","ResultSelector":{"it.$":"$.s"},"End":true}}}"#,
        &[(
            "one",
            r#"{"StartAt":"R","States":{"R":{"Type":"Pass","InputPath":"$.o","Parameters":{"s.$":"$.x"},"End":true}}}"#,
        )],
    ),
    (
        "the items of a Map",
        r#"{"StartAt":"A","States":{
        "A":{"Type":"Pass","Parameters":{"list.$":"States.Array($.s, $.n, $.o, $.b, $.t)","s.$":"$.s","of.$":"$.o"},"Next":"M"},
        "M":{"Type":"Map","ItemsPath":"$.list","MaxConcurrency":2,
             "ItemSelector":{"i.$":"$$.Map.Item.Index","v.$":"$$.Map.Item.Value","s.$":"$.s","all.$":"$$.Execution.Input.n"},
             "ItemProcessor":{"StartAt":"C","States":{
                "C":{"Type":"Choice","Choices":[{"Variable":"$.v","IsNumeric":true,"Next":"W"},
                     {"Variable":"$.v.x","IsPresent":true,"Next":"X"},{"Variable":"$.i","NumericEquals":1,"Next":"One"}],"Default":"P"},
                "W":{"Type":"Wait","Seconds":7,"Next":"T"},
                "T":{"Type":"Pass","Parameters":{"at.$":"$$.State.EnteredTime","v.$":"$.v"},"End":true},
                "X":{"Type":"Pass","Parameters":{"x.$":"$.v.x","all.$":"$"},"End":true},
                "One":{"Type":"Succeed","OutputPath":"$.s"},
                "P":{"Type":"Pass","Result":{"p":true},"ResultPath":"$.more","End":true}}},
             "ResultSelector":{"first.$":"$[0]","x.$":"$[*].x","all.$":"$","n.$":"States.ArrayLength($)"},"ResultPath":"$.m","Next":"Z"},
        "Z":{"Type":"Pass","Parameters":{"m.$":"$.m","at.$":"$$.State.EnteredTime"},"End":true}}}"#,
        &[],
    ),
    (
        "a Map over the input",
        r#"{"StartAt":"M","States":{
        "M":{"Type":"Map","ItemsPath":"$.o","ItemProcessor":{"StartAt":"In","States":{
            "In":{"Type":"Map","MaxConcurrency":1,"ItemsPath":"$.list","ItemProcessor":{"StartAt":"P","States":{
                "P":{"Type":"Pass","Parameters":{"it.$":"$","i.$":"$$.Map.Item.Index"},"End":true}}},
                "End":true}}},
             "ItemSelector":{"list.$":"States.Array($$.Map.Item.Value, $.s)"},"Next":"E"},
        "E":{"Type":"Pass","Parameters":{"deep.$":"$..it","all.$":"$"},"End":true}}}"#,
        &[],
    ),
    (
        "items that look into what is around them",
        r#"{"StartAt":"M","States":{
        "M":{"Type":"Map","ItemsPath":"$.o","ItemSelector":{"v.$":"$$.Map.Item.Value","b.$":"$.b","all.$":"$"},
             "ItemProcessor":{"StartAt":"P","States":{
                "P":{"Type":"Pass","Parameters":{"v.$":"$.v","in.$":"States.ArrayContains($.b, $.v)","n.$":"States.ArrayLength($.b)"},"ResultPath":"$.r","Next":"N"},
                "N":{"Type":"Map","ItemsPath":"$.b","ItemSelector":{"i.$":"$$.Map.Item.Value","t.$":"$.all.t","b.$":"$.b"},"ItemProcessor":{"StartAt":"Q","States":{
                    "Q":{"Type":"Pass","Parameters":{"first.$":"$.t[0]","i.$":"States.ArrayGetItem($.b, 0)","s.$":"States.JsonToString($.i)"},"End":true}}},
                    "ResultPath":"$.q","Next":"R"},
                "R":{"Type":"Pass","Parameters":{"q.$":"$.q","r.$":"$.r"},"End":true}}},
             "ResultPath":"$.m","Next":"E"},
        "E":{"Type":"Pass","Parameters":{"m.$":"$.m","l.$":"States.ArrayLength($.o)"},"End":true}}}"#,
        &[],
    ),
    (
        "branches",
        r#"{"StartAt":"B","States":{
        "B":{"Type":"Parallel","Branches":[
            {"StartAt":"C","States":{"C":{"Type":"Choice","Choices":[{"Variable":"$.n","NumericGreaterThan":3,"Next":"W"}],"Default":"S"},
                "W":{"Type":"Wait","Seconds":3,"Next":"S"},
                "S":{"Type":"Pass","Assign":{"x":1},"Parameters":{"s.$":"$.s","at.$":"$$.State.EnteredTime"},"End":true}}},
            {"StartAt":"P","States":{"P":{"Type":"Wait","Seconds":1,"Next":"Q"},
                "Q":{"Type":"Parallel","Branches":[{"StartAt":"R","States":{"R":{"Type":"Pass","Parameters":{"at.$":"$$.State.EnteredTime"},"End":true}}}],"End":true}}},
            {"StartAt":"F","States":{"F":{"Type":"Choice","Choices":[{"Variable":"$.s","StringEquals":"one","Next":"G"}],"Default":"H"},
                "G":{"Type":"Fail","Error":"Odd"},"H":{"Type":"Succeed"}}}],
          "ResultSelector":{"s.$":"$[0].s","q.$":"$[1][0].at","whole.$":"$[2]","all.$":"$[0]"},"ResultPath":"$.r",
          "Catch":[{"ErrorEquals":["Odd"],"Next":"Caught"}],"Next":"E"},
        "Caught":{"Type":"Pass","Parameters":{"e.$":"$.Error"},"End":true},
        "E":{"Type":"Pass","Parameters":{"r.$":"$.r","at.$":"$$.State.EnteredTime","start.$":"$.s"},"End":true}}}"#,
        &[],
    ),
    (
        "handlers that fail",
        r#"{"StartAt":"M","States":{
        "M":{"Type":"Map","ItemsPath":"$.o","MaxConcurrency":3,"ItemSelector":{"v.$":"$$.Map.Item.Value","n.$":"$.n","i.$":"$$.Map.Item.Index"},
             "ItemProcessor":{"StartAt":"T","States":{
                "T":{"Type":"Task","Resource":"arn:aws:lambda:eu-west-1:123456789012:function:odd",
                     "Parameters":{"v.$":"$.v","i.$":"$.i","n.$":"$.n","try.$":"$$.State.RetryCount"},
                     "Retry":[{"ErrorEquals":["Busy"],"IntervalSeconds":2,"MaxAttempts":2},{"ErrorEquals":["States.TaskFailed"],"MaxAttempts":1,"MaxDelaySeconds":1}],
                     "Catch":[{"ErrorEquals":["Busy"],"ResultPath":"$.err","Next":"C"},{"ErrorEquals":["States.ALL"],"ResultPath":"$.all","Next":"D"}],"End":true},
                "C":{"Type":"Pass","Parameters":{"caught.$":"$.err.Error","at.$":"$$.State.EnteredTime"},"End":true},
                "D":{"Type":"Pass","Result":1,"ResultPath":"$.all.Error","Next":"Y"},
                "Y":{"Type":"Pass","Parameters":{"it.$":"$.all.Error"},"End":true}}},
             "ResultPath":"$.m","Next":"E"},
        "E":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Parameters":{"FunctionName":"odd","Payload":{"v.$":"$.s","i":9,"n.$":"$.n","try":0}},
             "Retry":[{"ErrorEquals":["States.ALL"],"MaxAttempts":1,"BackoffRate":1.5}],
             "Catch":[{"ErrorEquals":["Other"],"Next":"Z"},{"ErrorEquals":["States.ALL"],"ResultPath":"$.err","Next":"Z"}],
             "ResultSelector":{"p.$":"$.Payload"},"ResultPath":"$.r","Next":"Z"},
        "Z":{"Type":"Pass","Parameters":{"m.$":"$.m","at.$":"$$.State.EnteredTime"},"End":true}}}"#,
        &[(
            "odd",
            r#"{"StartAt":"C","States":{
            "C":{"Type":"Choice","Choices":[
                {"And":[{"Variable":"$.v","IsNumeric":true},{"Variable":"$.try","NumericLessThanPath":"$.v"}],"Next":"Busy"},
                {"Variable":"$.v","IsString":true,"Next":"Other"}],"Default":"Fine"},
            "Busy":{"Type":"Fail","Error":"Busy","CausePath":"States.Format('{} of {}', $.try, $.v)"},
            "Other":{"Type":"Fail","Error":"Other","CausePath":"$.v"},
            "Fine":{"Type":"Pass","Parameters":{"v.$":"$.v","i.$":"$.i"},"End":true}}}"#,
        )],
    ),
    (
        "items of one shape, or nearly",
        r#"{"StartAt":"A","States":{
        "A":{"Type":"Pass","Parameters":{"xs.$":"$.o[*].x","some.$":"$.o[?(@.x > 1)].y","same.$":"$.o[?(@.y == 'b')].x",
                "deep.$":"$.o[*].x[*].x","below.$":"$.o[*].x.y","has.$":"$.o[?(@.x)]","both.$":"$.o[?(@.x >= 2 && @.y != 6)]['x','y']",
                "n.$":"States.ArrayLength($.o)","in.$":"States.ArrayContains($.o[*].y, 'b')",
                "text.$":"States.Format('\\{{}\\} of {}{} {}', $.o[*].x, 7, 'it\\'s', $.o[?(@.y)].y)"},"ResultPath":"$.a","Next":"M"},
        "M":{"Type":"Map","ItemsPath":"$.o","ItemSelector":{"v.$":"$$.Map.Item.Value","i.$":"$$.Map.Item.Index","n.$":"$.a.n"},
             "ItemProcessor":{"StartAt":"C","States":{
                "C":{"Type":"Choice","Choices":[
                    {"And":[{"Variable":"$.v.x","IsPresent":true},{"Variable":"$.v.x","NumericGreaterThanPath":"$.i"},
                            {"Variable":"$.v.y","IsPresent":true}],"Next":"X"},
                    {"And":[{"Variable":"$.v.y","IsPresent":true},{"Variable":"$.v.y","StringMatches":"b*"}],"Next":"Y"},
                    {"Variable":"$.v.xx","IsPresent":true,"Next":"XX"}],"Default":"P"},
                "X":{"Type":"Pass","Parameters":{"t.$":"States.Format('{}-{}{}', States.MathAdd($.i, 1), $.v.y, $.n)","x.$":"$.v.x","v.$":"$.v"},"End":true},
                "Y":{"Type":"Pass","Parameters":{"y.$":"$.v.y","j.$":"States.JsonToString($.v)"},"End":true},
                "XX":{"Type":"Pass","Parameters":{"t.$":"States.Format('none')","s.$":"States.Format('{}', $.v.xx)"},"End":true},
                "P":{"Type":"Succeed"}}},
             "ResultSelector":{"ts.$":"$[*].t","all.$":"$","vs.$":"$[?(@.v.x > 2)].v.y"},"ResultPath":"$.m","Next":"E"},
        "E":{"Type":"Pass","Parameters":{"a.$":"$.a","m.$":"$.m","first.$":"States.ArrayGetItem($.a.xs, 0)","parts.$":"States.ArrayPartition($.a.xs, 2)"},"End":true}}}"#,
        &[],
    ),
    (
        "templates",
        r#"{"StartAt":"C","States":{
        "C":{"Type":"Choice","Choices":[{"Variable":"$.s","StringEquals":"one","Next":"Lone"},{"Variable":"$.s","StringEquals":"other","Next":"Few"},
             {"Variable":"$.s","StringEquals":"","Next":"Many"},{"Variable":"$.s","IsString":true,"Next":"Given"}],"Default":"Good"},
        "Lone":{"Type":"Pass","Parameters":{"t.$":"States.Format('a { b', $.n)"},"End":true},
        "Few":{"Type":"Pass","Parameters":{"t.$":"States.Format('{} and {}', $.n)"},"End":true},
        "Many":{"Type":"Pass","Parameters":{"t.$":"States.Format('{}', $.n, $.s)"},"End":true},
        "Given":{"Type":"Pass","Parameters":{"t.$":"States.Format($.s, $.n)"},"End":true},
        "Good":{"Type":"Pass","Parameters":{"t.$":"States.Format('\\\\{}x{}{}é\\'\\{{}\\}{}', $.n, 1.50, null, $.o, true)","e.$":"States.Format('')","n.$":"States.MathAdd(1.5, -2)"},"End":true}}}"#,
        &[],
    ),
    (
        "outputs of which only the text is wanted",
        r#"{"StartAt":"M","States":{
        "M":{"Type":"Map","ItemsPath":"$.o","MaxConcurrency":3,
             "ItemSelector":{"v.$":"$$.Map.Item.Value","i.$":"$$.Map.Item.Index","s.$":"$.s","n.$":"$.n"},
             "ItemProcessor":{"StartAt":"C","States":{
                "C":{"Type":"Choice","Choices":[
                    {"And":[{"Variable":"$.v.y","IsPresent":true},{"Variable":"$.v.y","StringMatches":"bb*"}],"Next":"W"},
                    {"Variable":"$.v.x","IsPresent":true,"Next":"X"},
                    {"And":[{"Variable":"$.v.xx","IsPresent":true},{"Variable":"$.v.xx","StringMatches":"*"}],"Next":"T"},
                    {"Variable":"$.i","NumericEquals":3,"Next":"Three"}],"Default":"P"},
                "W":{"Type":"Wait","Seconds":2,"Next":"X"},
                "X":{"Type":"Pass","Parameters":{"x.$":"$.v.x","t.$":"States.Format('{}/{}\\\\{}\" ü', $.v.x, States.MathAdd($.i, 1), $.s)","i.$":"$.i"},"End":true},
                "T":{"Type":"Pass","Parameters":{"t.$":"States.Format('{}{}', $.n, $.i)","x":{"at.$":"$$.State.EnteredTime","of.$":"$.v"}},"End":true},
                "Three":{"Type":"Pass","Parameters":{"none":true,"s.$":"$.s","x":[1,"$.i",null]},"End":true},
                "P":{"Type":"Pass","Parameters":{"t":null,"x.$":"States.ArrayPartition(States.Array($.i, $.v, $.s), 2)"},"End":true}}},
             "ResultSelector":{"xs.$":"$[*].x","ts.$":"$[*].t","none.$":"$[*].gone","again.$":"$[*].x","all.$":"$"},"ResultPath":"$.m","Next":"E"},
        "E":{"Type":"Pass","Parameters":{"m.$":"$.m","xs.$":"$.m.xs","at.$":"$$.State.EnteredTime"},"End":true}}}"#,
        &[],
    ),
    (
        "outputs within outputs, some of them looked into",
        r#"{"StartAt":"M","States":{
        "M":{"Type":"Map","ItemsPath":"$.o","ItemSelector":{"v.$":"$$.Map.Item.Value","b.$":"$.b","i.$":"$$.Map.Item.Index"},
             "ItemProcessor":{"StartAt":"N","States":{
                "N":{"Type":"Map","ItemsPath":"$.b","ItemSelector":{"w.$":"$$.Map.Item.Value","j.$":"$$.Map.Item.Index","i.$":"$.i"},
                     "ItemProcessor":{"StartAt":"P","States":{"P":{"Type":"Pass","Parameters":{"w.$":"$.w","at.$":"States.Format('{}.{}', $.i, $.j)"},"End":true}}},
                     "ResultPath":"$.n","Next":"C"},
                "C":{"Type":"Choice","Choices":[{"Variable":"$.i","NumericEquals":1,"Next":"Text"},{"Variable":"$.i","NumericGreaterThan":2,"Next":"Look"}],"Default":"Columns"},
                "Text":{"Type":"Pass","Parameters":{"k.$":"$.n","t.$":"States.Format('{}', $.v)"},"End":true},
                "Look":{"Type":"Pass","Parameters":{"k.$":"States.ArrayLength($.n)","t.$":"States.Format('{}', $.n)"},"End":true},
                "Columns":{"Type":"Pass","Parameters":{"k.$":"$.n[*].at","t.$":"$.n[*].w"},"End":true}}},
             "ResultSelector":{"ks.$":"$[*].k","all.$":"$"},"ResultPath":"$.m","Next":"O"},
        "O":{"Type":"Map","ItemsPath":"$.o","ItemSelector":{"v.$":"$$.Map.Item.Value"},
             "ItemProcessor":{"StartAt":"Q","States":{"Q":{"Type":"Pass","Parameters":{"v.$":"$.v","parts.$":"States.ArrayPartition($.v, 3)"},"End":true}}},
             "ResultSelector":{"parts.$":"$[*].parts","n.$":"States.ArrayLength($[*].parts)"},"ResultPath":"$.p","Next":"E"},
        "E":{"Type":"Pass","Parameters":{"m.$":"$.m","p.$":"$.p"},"End":true}}}"#,
        &[],
    ),
    (
        "texts that nobody looks at, and texts that somebody does",
        r#"{"StartAt":"A","States":{
        "A":{"Type":"Pass","Parameters":{"t.$":"States.Format('{}: {}', $.s, $.n)","o.$":"States.Format('\\\\\"{}\" {}', $.o, $.b)","n.$":"$.n"},"ResultPath":"$.a","Next":"B"},
        "B":{"Type":"Pass","Parameters":{"twice.$":"States.Format('{}{}{}', $.a.t, null, $.a.t)","h.$":"States.Hash($.a.t, 'SHA-1')","e.$":"States.Base64Encode($.a.t)"},"ResultPath":"$.a.b","Next":"C"},
        "C":{"Type":"Choice","Choices":[
            {"Variable":"$.a.t","StringMatches":"one*","Next":"D"},
            {"Variable":"$.a.b.twice","StringGreaterThan":"t","Next":"F"}],"Default":"G"},
        "D":{"Type":"Pass","Parameters":{"t.$":"$.a.t","words.$":"States.StringSplit($.a.t, ': ')","in.$":"States.ArrayContains(States.StringSplit($.a.t, ': '), 'one')"},"End":true},
        "F":{"Type":"Fail","ErrorPath":"$.a.t","CausePath":"$.a.b.twice"},
        "G":{"Type":"Pass","Parameters":{"a.$":"$.a","len.$":"States.ArrayLength(States.StringSplit($.a.b.twice, 'aé'))","parts.$":"States.ArrayPartition(States.StringSplit($.a.b.twice, 'e'), 1)"},"End":true}}}"#,
        &[],
    ),
    (
        "conditions on one member",
        r#"{"StartAt":"A","States":{
        "A":{"Type":"Pass","Parameters":{"big.$":"$.o[?(@.x > 2)].x","most.$":"$.o[?(@.x <= 5)].y","one.$":"$.o[?(@.x == 5)].z","not.$":"$.o[?(@.x != 1)].x",
            "b.$":"$.o[?(@.y == 'b')].x","same.$":"$.o[?(@.y === 'b')].y","others.$":"$.o[?(@.y != 'b')].y","odd.$":"$.o[?(@.y !== 'e')].x",
            "less.$":"$.o[?(@.y < 'c')].y","text.$":"$.o[?(@.x == '2')].y","n.$":"$.o[?(@.y == 6)].x","gone.$":"$.o[?(@.q == 1)].x","q.$":"$.o[?(@.x > 0)].q"},
            "ResultPath":"$.a","Next":"P"},
        "P":{"Type":"Pass","Parameters":{"a.$":"$.a","parts.$":"States.ArrayPartition($.a.big, 2)","all.$":"States.ArrayPartition($.a.most, 1)","in.$":"States.ArrayContains($.a.b, 2)","is.$":"States.ArrayContains($.a.same, 'b')","text.$":"States.ArrayContains($.a.others, '\"')"},"End":true}}}"#,
        &[],
    ),
    (
        "a loop that the input ends",
        r#"{"StartAt":"A","States":{
        "A":{"Type":"Pass","Assign":{"n":0},"Next":"L"},
        "L":{"Type":"Choice","Choices":[{"Variable":"$n","NumericLessThanPath":"$.n","Next":"M"}],"Default":"E"},
        "M":{"Type":"Pass","Assign":{"n.$":"States.MathAdd($n, 1)"},"Next":"L"},
        "E":{"Type":"Pass","Parameters":{"counted.$":"$n"},"End":true}}}"#,
        &[],
    ),
];

/// Values that stand at the members that the machines read.
const VALUES: &[&str] = &[
    "null",
    "true",
    "false",
    "0",
    "-1",
    "3",
    "7",
    "100",
    "1e2",
    "1.50",
    "-0",
    "12345678901234567890",
    r#""""#,
    r#""one""#,
    r#""two \"quoted\" \\ Ö""#,
    r#""two \u0022quoted\u0022 \\ \u00d6""#,
    r#""o\u006ee""#,
    r#""other""#,
    r#""\/""#,
    r#""2021-05-05T05:05:05Z""#,
    r#""2019-05-05T05:05:05.5+01:00""#,
    "[]",
    "{}",
    r#"[1,{"x":2},[3]]"#,
    r#"[ 1 , { "x" : 2 } ]"#,
    r#"{"x":1}"#,
    r#"{"x":{"y":[1,2]},"new":5}"#,
    r#"{"x":1,"x":2}"#,
    r#"{"x":1,"\u0078":"again"}"#,
    r#"{ "x" : "spaced" }"#,
    r#"[3,"one",1,{"x":[]},0,null,"",2,7,"two",4,{"y":1}]"#,
    r#"[[1,2],["one"],{"x":"z"}]"#,
    r#"[{"x":1,"y":"a"},{"x":2,"y":"b"},{"x":12345678,"y":"bb"},{"y":"c","x":3}]"#,
    r#"[{"x":1,"y":"a"},{"x":1.50,"y":"\u0041\""},{"\u0078":3,"y":"d"},{"x":-0,"y":""},{"x":4,"y":"e"}]"#,
    r#"[{"x":1,"y":2},{"x":3,"x":4},{"x":5,"y":6},{"x":5,"y":6},{"x":7,"y":8,"y":9}]"#,
    r#"[{"x":1,"y":2},{"x":[1,{"x":2}],"y":{}},{"x":5,"y":6,"z":7},{"x":8},{},[],{"x" : 9 , "y":1e2 }, {"x":10,"y":3}]"#,
    r#"[{"xx":1},{"xx":[]},{"xx":"b"},{"xy":3},{"x\\":4},{"x\\":5},{"xx":9999999999},3,{"xx":null}]"#,
    r#"[{"x":1,"y":"b","z":"long enough not to be copied as one block, whatever its size may be"},{"x":5,"y":"b","z":[]},{"x":5,"y":"b","z":{}},{"x":7,"y":"\u0062","z":0}]"#,
    r#"[{"y":"bb","x":1},{"y":"bbb","x":"two"},{"y":"bb","x":3},{"x":4,"y":"a"},{"x":55,"y":"bb"},{"x":6,"y":""}]"#,
    r#"[{"x":-1,"y":"é"},{"x":10000000000000000000,"y":"\u00e9"},{"x":2.0,"y":"'"},{"x":"2","y":"\"\\"},{"x":2e0,"y":6}]"#,
    r#"[{"x":{"y":1},"y":"b"},{"x":{"y":2},"y":"b\n"},{"x":{"y":[]},"y":"\/"},{"x":{"z":3},"y":"é"}]"#,
];

/// Events in which each of the values stands at each of the members, some of which are missing.
fn events() -> Vec<u8> {
    let mut lines: Vec<String> = vec![
        "{}".into(),
        "[]".into(),
        "3".into(),
        "\"s\"".into(),
        "null".into(),
        "  ".into(),
        "{\"s\":".into(),
        "{\"s\":\"one\",\"s\":\"other\"}".into(),
        "{\"\\u0073\":\"one\",\"n\":1,\"o\":{\"x\":1}}".into(),
        " { \"s\" : \"one\" , \"n\" : 3 , \"o\" : { \"x\" : 1 } } ".into(),
        "{\"added\":1}".into(),
        "{\"r\":null}".into(),
    ];
    for (n, value) in VALUES.iter().enumerate() {
        for member in ["s", "n", "o", "b", "t", "u", "r"] {
            let other = |step: usize| VALUES[(n * 7 + step * 5) % VALUES.len()];
            lines.push(format!("{{\"{member}\":{value},\"pad\":{}}}", other(1)));
            let rest: Vec<String> = ["s", "n", "o", "b", "t", "u"]
                .iter()
                .enumerate()
                .filter(|(step, name)| **name != member && (n + step) % 5 != 0)
                .map(|(step, name)| format!("\"{name}\":{}", other(step + 2)))
                .collect();
            lines.push(format!("{{{},\"{member}\":{value}}}", rest.join(",")).replace("{,", "{"));
            lines.push(format!("{{\"s\":\"one\",\"n\":{n},\"o\":{{\"x\":{value}}},\"{member}\":{value}}}"));
        }
    }
    lines.join("\n").into_bytes()
}

#[test]
fn what_is_told_is_what_would_have_been() {
    let events = events();
    for (title, machine, handlers) in MACHINES {
        let program = compiled(machine, handlers);
        assert!(!program.shortcut().is_empty(), "{title}: nothing can be told of it");
        for limits in [Limits::STANDARD, Limits::EXPRESS] {
            same(title, &program, &events, limits);
        }
    }
}

/// Limits strike where they strike without a shortcut: each is set so low that it does for some or all events.
#[test]
fn limits_strike_all_the_same() {
    let events = events();
    for (title, machine, handlers) in MACHINES {
        let program = compiled(machine, handlers);
        let standard = Limits::STANDARD;
        for limits in [
            Limits { steps: 1, ..standard },
            Limits { steps: 3, ..standard },
            Limits { events: 6, ..standard },
            Limits { depth: 1, ..standard },
            Limits { depth: 3, ..standard },
            Limits { virtual_ms: Some(0), ..standard },
            Limits { virtual_ms: Some(2_000), ..standard },
            Limits { virtual_ms: Some(6_000), ..standard },
            Limits { steps: 9, ..standard },
            Limits { steps: 20, ..standard },
            Limits { events: 30, ..standard },
            Limits { events: 90, ..standard },
            Limits { execution_bytes: 20_000, ..standard },
            Limits { path_nodes: 2, ..standard },
            Limits { path_nodes: 7, ..standard },
            Limits { path_nodes: 15, ..standard },
            Limits { path_nodes: 30, ..standard },
        ] {
            same(title, &program, &events, limits);
        }
        for state_bytes in (0..120).step_by(7) {
            same(title, &program, &events, Limits { state_bytes, ..standard });
        }
    }
}

/// A long Map of one event is walked by all threads together, and comes to the same on any number of them; where its places
/// are scarce and time passes, by one.
#[test]
fn long_maps_come_to_the_same_on_all_threads() {
    let machine = |concurrency: &str| {
        format!(
            r#"{{"StartAt":"M","States":{{"M":{{"Type":"Map",{concurrency}"ItemsPath":"$.o","ItemProcessor":{{"StartAt":"C","States":{{
            "C":{{"Type":"Choice","Choices":[{{"Variable":"$.n","NumericGreaterThan":3,"Next":"W"}}],"Default":"P"}},
            "W":{{"Type":"Wait","Seconds":3,"Next":"In"}},
            "In":{{"Type":"Map","ItemsPath":"$.l","ItemProcessor":{{"StartAt":"Q","States":{{"Q":{{"Type":"Pass","End":true}}}}}},"ResultPath":"$.in","Next":"P"}},
            "P":{{"Type":"Pass","Parameters":{{"s.$":"$.s","at.$":"$$.State.EnteredTime","h.$":"States.Hash($.s, 'MD5')"}},"End":true}}}}}},
            "ResultPath":"$.m","Next":"E"}},
            "E":{{"Type":"Pass","Parameters":{{"m.$":"$.m","at.$":"$$.State.EnteredTime"}},"End":true}}}}}}"#
        )
    };
    let picked = |path: &str| {
        format!(
            r#"{{"StartAt":"A","States":{{"A":{{"Type":"Pass","Parameters":{{"o.$":"{path}"}},"Next":"M"}},
            "M":{{"Type":"Map","ItemsPath":"$.o","ItemProcessor":{{"StartAt":"P","States":{{
            "P":{{"Type":"Pass","Parameters":{{"it.$":"$","n.$":"$$.Map.Item.Index"}},"End":true}}}}}},"End":true}}}}}}"#
        )
    };
    // Items whose outputs hold what another Map and a partition have come to, of which only the text is kept.
    let after = r#"{"StartAt":"F","States":{
        "F":{"Type":"Map","ItemsPath":"$.few","ItemProcessor":{"StartAt":"P","States":{
            "P":{"Type":"Pass","Parameters":{"it.$":"$","t.$":"States.Format('<{}>', $)"},"End":true}}},
            "ResultSelector":{"all.$":"$","ts.$":"$[*].t","parts.$":"States.ArrayPartition($$.Execution.Input.few, 2)"},"ResultPath":"$.m","Next":"M"},
        "M":{"Type":"Map","ItemsPath":"$.o","ItemSelector":{"s.$":"$$.Map.Item.Value.s","m.$":"$.m","i.$":"$$.Map.Item.Index"},
            "ItemProcessor":{"StartAt":"Q","States":{"Q":{"Type":"Pass","Parameters":{"m.$":"$.m","s.$":"$.s","t.$":"States.Format('{}: {}', $.i, $.s)"},"End":true}}},
            "ResultSelector":{"ms.$":"$[*].m","ts.$":"$[*].t","all.$":"$"},"End":true}}}"#;
    let items: Vec<String> =
        (0..20_000).map(|n| format!(r#"{{"n":{},"s":"\u00e9 {n} \"","l":[{n},"x"]}}"#, n % 5)).collect();
    let mut last = items.clone();
    last[17_000] = r#"{"n":1}"#.to_owned();
    let events = [&items[..], &last[..]]
        .map(|items| format!("{{\"few\":[1,\"é\",[3]],\"o\":[{}]}}\n", items.join(",")))
        .concat();
    let limits = Limits { state_bytes: u64::MAX, events: u32::MAX, steps: u64::MAX, ..Limits::STANDARD };
    let limits = Limits { execution_bytes: u64::MAX, ..limits };
    let machines = ["", r#""MaxConcurrency":7,"#].map(machine);
    // Items that lie one behind the other in the text, and items that do not.
    let more =
        ["$.o[*]", "$.o[*].l", "$.o[*].l[0]", "$.o[?(@.n > 1)]", "$.o[?(@.n > 1)].s", "$.o[100:19000]"].map(picked);
    for (n, machine) in machines.iter().chain([&after.to_owned()]).chain(&more).enumerate() {
        let program = compiled(machine, &[]);
        assert!(!program.shortcut().is_empty(), "{machine}");
        let executed = run_on(1, &program, events.as_bytes(), limits, false);
        let failures = executed[1].lines().count();
        assert!(executed[0].contains("SUCCEEDED") && failures == usize::from(n <= machines.len()), "{machine}");
        for (threads, shortcuts) in [(1, true), (2, true), (3, true), (3, false)] {
            let told = run_on(threads, &program, events.as_bytes(), limits, shortcuts);
            assert!(told == executed, "{machine} {threads} threads, {shortcuts}");
        }
    }
}

/// What items make on the way is given back, or left to the machine to give back.
#[test]
fn what_items_make_on_the_way_may_be_much() {
    let machine = r#"{"StartAt":"M","States":{"M":{"Type":"Map",CONCURRENCY"ItemsPath":"$.o","ItemSelector":{"all.$":"$.pad","n.$":"$$.Map.Item.Value"},
        "ItemProcessor":{"StartAt":"P","States":{
            "P":{"Type":"Pass","Parameters":{"h.$":"States.Format('{}{}', $.all, $.n)","n.$":"$.n"},"Next":"W"},
            "W":{"Type":"Wait","Seconds":1,"Next":"Q"},
            "Q":{"Type":"Pass","Parameters":{"n.$":"$.n"},"End":true}}},"End":true}}}"#;
    for (count, concurrency) in [(900, r#""MaxConcurrency":2,"#), (2_000, "")] {
        let items = (0..count).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
        let event = format!(r#"{{"o":[{items}],"pad":"{}"}}"#, "x".repeat(20_000));
        let program = compiled(&machine.replace("CONCURRENCY", concurrency), &[]);
        same("much", &program, event.as_bytes(), Limits { virtual_ms: None, ..Limits::STANDARD });
        assert!(!program.shortcut().is_empty());
    }
}

/// An output of exactly the limit passes, one byte more fails.
#[test]
fn the_limit_on_documents_is_exact() {
    let program = compiled(MACHINES[4].1, &[]);
    for length in 262_140..262_148 {
        let event = format!("{{\"s\":\"{}\"}}", "x".repeat(length - 8));
        same("as it came", &program, event.as_bytes(), Limits::STANDARD);
        let results = &run(&program, event.as_bytes(), Limits::STANDARD, true)[0];
        assert_eq!(results.contains("SUCCEEDED"), length <= 262_144, "{length} bytes");
    }
}

/// Of outputs that only become a part of a text, and of texts, nothing is built; of those that are looked into, all is.
#[test]
fn what_nobody_looks_into_is_text() {
    let kept = |selector: &str| {
        let machine = format!(
            r#"{{"StartAt":"M","States":{{"M":{{"Type":"Map","ItemsPath":"$.o","ItemProcessor":{{"StartAt":"P","States":{{
            "P":{{"Type":"Pass","Parameters":{{"x.$":"$.x","t.$":"States.Format('{{}}!', $.y)"}},"End":true}}}}}},
            "ResultSelector":{{{selector}}},"End":true}}}}}}"#
        );
        let program = compiled(&machine, &[]);
        same(&machine, &program, &events(), Limits::STANDARD);
        let nodes = &program.shortcut().nodes;
        let keeps = nodes.iter().find_map(|node| match node {
            Node::Each(each) => Some(each.keeps.clone()),
            _ => None,
        });
        let builds =
            |node: &&Node| matches!(node, Node::Compute { what: Compute::Format { .. } | Compute::Object { .. }, .. });
        let columns = nodes.iter().filter(|node| matches!(node, Node::Column { .. })).count();
        match keeps.expect("a Map") {
            Keeps::Whole => (None, columns, nodes.iter().any(|node| builds(&node))),
            Keeps::Text(kept) => (Some(kept.len()), columns, nodes.iter().any(|node| builds(&node))),
        }
    };
    assert_eq!(kept(r#""all.$":"$""#), (Some(0), 0, false));
    assert_eq!(kept(r#""x.$":"$[*].x","all.$":"$","t.$":"$[*].t","again.$":"$[*].x""#), (Some(2), 2, false));
    assert_eq!(kept(r#""none.$":"$[*].none""#), (Some(1), 1, false));
    assert_eq!(kept(r#""first.$":"$[0]""#), (None, 0, true));
    assert_eq!(kept(r#""n.$":"States.ArrayLength($)","x.$":"$[*].x""#), (None, 0, true));
    assert_eq!(kept(r#""n.$":"States.ArrayLength($[*].x)""#), (None, 0, true));
    assert_eq!(kept(r#""t.$":"States.Format('{}', $)""#), (None, 0, true));
    assert_eq!(kept(r#""t.$":"States.Format('{}', $[*].x)""#), (None, 0, true));
    assert_eq!(kept(r#""deep.$":"$[*].x.y""#), (None, 0, true));
}

/// Machines from a seed: most have something that a shortcut cannot go through, some have not.
#[test]
fn generated_machines_come_to_the_same() {
    let (mut machines, mut with_ends) = (0, 0);
    for seed in 0..6_000 {
        let pair = generate::pair(seed);
        let text = pair.definition.print();
        if text.contains("\"Task\"") {
            continue;
        }
        let program = compiled(&text, &[]);
        machines += 1;
        with_ends += usize::from(!program.shortcut().is_empty());
        let mut events: String = (0..4).map(|n| generate::pair(seed + n * 1_000_003).input.print() + "\n").collect();
        events
            .push_str(&format!(" {} \n{{}}", pair.input.print().replace(',', " ,\t").replace("\"a\"", "\"\\u0061\"")));
        same(&format!("seed {seed}: {text}"), &program, events.as_bytes(), Limits::STANDARD);
    }
    assert!(machines > 500 && with_ends * 5 > machines, "{with_ends} of {machines} machines have a shortcut");
}

/// A tree is bounded, however many ways a machine has.
#[test]
fn many_ways_end_in_the_machine() {
    let mut states = String::new();
    for n in 0..60 {
        let next = n + 1;
        states.push_str(&format!(
            r#""C{n}":{{"Type":"Choice","Choices":[{{"Variable":"$.m{n}","NumericGreaterThan":5,"Next":"P{n}"}}],"Default":"C{next}"}},
               "P{n}":{{"Type":"Pass","Result":{n},"ResultPath":"$.r","Next":"C{next}"}},"#
        ));
    }
    let machine = format!(r#"{{"StartAt":"C0","States":{{{states}"C60":{{"Type":"Succeed"}}}}}}"#);
    let program = compiled(&machine, &[]);
    let Shortcut { nodes, .. } = program.shortcut();
    assert!((1_000..20_000).contains(&nodes.len()) && matches!(nodes[0], Node::Machine), "{} nodes", nodes.len());
    let members = |value: &str| (0..60).map(|n| format!("\"m{n}\":{value}")).collect::<Vec<_>>().join(",");
    let events = format!("{{{}}}\n{{{}}}\n", members("1"), members("9"));
    same("many ways", &program, events.as_bytes(), Limits::STANDARD);
}
