# corpora/orders. There is no SHA-1 here: the receipt goes without `about.key`.
def words: [splits("[ -]+") | select(. != "")];
def pages: [range(0; length; 2) as $n | .[$n : $n + 2]];
def seconds: if . > 2 then 6 else [0, 2, 6][.] end;
def two: tostring | if length < 2 then "0" + . else . end;
def moment: "2020-01-01T00:\(. / 60 | floor | two):\(. % 60 | two).000Z";
# Items are taken up four at a time, each by the first hand that is free: when all are done.
def done:
  reduce .[] as $item ([0, 0, 0, 0];
    (. as $free | min as $least | $free | index($least)) as $hand
    | .[$hand] += (($item.busy // 0) | seconds))
  | max;

.id as $order
| (if (.coupon // "") | test("^FREE-.*-\\*$") then 0 else .total_cents end) as $cents
| .customer.name as $name
| if .payment.method != "invoice" and .payment.limit_cents != null and $cents > .payment.limit_cents then
    {$order, declined: "Payment.Declined", at: (0 | moment)}
  else
    [.items | to_entries[] | .key as $n | .value
     | if (.busy // 0) > 2 then {sku, shelf: null, why: "Stock.Busy"}
       else {sku, qty, shelf: "\($n + 1)-\(.sku)"} end] as $reserved
    | [.items[].sku] as $skus
    | ($name | words) as $words
    | {
        $order,
        title: "\(.items | length) line(s) for \($name), {[\($words | join(", "))]}",
        about: {
          lines: (.items | length),
          $skus,
          dear: [.items[] | select(.price_cents > 50000) | .sku],
          $words
        },
        sent: (if .ship.express and (.ship.country | . == "SE" or . == "NO" or . >= "Ö") and .payment.method != "invoice"
               then "courier"
               elif .placed < "2020-01-01T00:00:00Z" then "courier, with our apologies"
               else "parcel" end),
        $reserved,
        shelves: [$reserved[].shelf],
        payment: {
          charged: $cents,
          by: (if $cents == 0 then "nobody" elif .payment.method == "invoice" then "invoice" else "card of \(.payment.holder)" end)
        },
        gift: ($skus | index("GIFT") != null),
        pages: ($skus | pages),
        label: ($name | @base64),
        at: (.items | done | moment)
      }
  end
