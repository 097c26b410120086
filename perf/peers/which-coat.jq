# corpora/which-coat, as somebody writes it who has jq and nothing else.
{
  "FREEZING": "You should wear a heavy coat today.",
  "COOL": "You should wear a light jacket today.",
  "WARM": "You need no coat today."
}[.Weather] as $message
| if $message then {Weather, Message: $message} else empty end
