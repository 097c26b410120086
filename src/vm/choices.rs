//! Choices where AWS's answer is not recorded.
//!
//! What executions come to here is what AWS was seen to answer, wherever somebody has recorded it. Where nobody has, the
//! likeliest answer is taken, in one place, which says so in the words "not recorded": a test holds this table to them. A
//! recording that tells otherwise wins; then it is the place named here that changes, and a row that goes.
//!
//! | question | what is done here | where |
//! | --- | --- | --- |
//! | ResultPath that cannot be written to | States.ResultPathMatchFailure, which can be caught; the cause's text is ours | `vm/data_flow.rs` |
//! | reading a variable that has no value | told of as a path that leads nowhere | `vm/data_flow.rs` |
//! | TimeoutSecondsPath, HeartbeatSecondsPath to no positive integer | States.Runtime, worded as MaxConcurrencyPath's | `vm/data_flow.rs` |
//! | ErrorPath, CausePath to something that is no string | States.Runtime, with a text of ours | `vm/machine.rs` |
//! | `lambda:invoke` with InvocationType Event: its result | StatusCode 202 without Payload | `vm/task.rs` |
//! | `lambda:invoke` without Payload | the function gets `{}` | `vm/task.rs` |
//! | an object as a Map's items | fails, as older recordings do | `vm/fan_out.rs` |
//! | MaxConcurrencyPath to a negative number, or to 1.0 | refused; taken | `vm/fan_out.rs` |
//! | ItemSelector failing in a distributed Map; results of tolerated failures | the item has failed; left out | `vm/fan_out.rs` |
//! | the size of a batch, a batch too large by itself, its length and weight | see there | `vm/batcher.rs` |
//! | ResultWriter with a destination | nothing is written, the results are the Map's output; a warning says so | `definition/read/distributed.rs` |
//! | the order of events that children have at one time; states that are stopped with a sibling | by index; not shown | `vm/join.rs` |
//! | `$$.Map` in the states of an item | the item, in a batch the batch | `vm/context.rs` |
//! | a Fail state without Error, caught | `{"Error":null,"Cause":null}` | `vm/rescue.rs` |
//! | States.TaskFailed and States.DataLimitExceeded, States.QueryEvaluationError | it matches both | `program/state.rs` |
//! | Error and Cause longer than the API's limits | kept whole | `vm/outcome.rs` |
//! | what goes wrong in a handler's runtime | Lambda.Unknown | `vm/request.rs` |
//! | a Lambda function whose process dies, runs out of time or replies no JSON | Lambda.Unknown; the cause says what | `handler/lambda/answer.rs` |
//! | the count of a mock's invocations in a Map | depth first, in the order of items | `handler/mock.rs` |
//! | `*` and line ends, other backslashes in StringMatches | matches them; themselves | `value/pattern.rs` |
//! | IsTimestamp and the 30th of February | false | `value/timestamp.rs` |
//! | filters over scalars | compared | `value/path/filter.rs` |
//! | integers beyond 64 bits, extreme exponents | keep their text | `value/number.rs` |
//! | `a` and `a.$` in one template | the later counts; a warning | `definition/read/payload.rs` |
//! | a key twice in a definition | the last counts; a warning | `definition/read/tidy.rs` |
//! | where calls nested more than 10 deep are refused | at creation | `definition/read/intrinsic.rs` |
//! | wildcards and filters in a Choice's Variable | refused | `definition/read/paths.rs` |
//! | ItemSelector beside Parameters | refused, worded as other such pairs | `definition/read/fan_out.rs` |
//! | error names `States.…` that do not exist | taken | `definition/read/retry.rs` |
//! | unknown members of an Invoke request: the text | from others' memory | `definition/read/integration.rs` |
