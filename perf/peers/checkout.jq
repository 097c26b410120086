# corpora/checkout. A bank that is busy is asked three times.
if (.total_cents | type) == "number" and .total_cents > 0 and (.currency | . == "EUR" or . == "SEK") and (has("blocked") | not) then
  {
    order: .id,
    title: "Order \(.id) for \(.customer.name)",
    items: [.items[] | {sku, qty, cents: (.cents + .wrap_cents)}],
    payment: (if .total_cents > .payment.limit_cents then {paid: 0, why: "Card.Declined"}
              elif (.payment.busy // 0) >= 3 then {paid: 0, why: "Bank.Busy"}
              else {paid: .total_cents, card: .payment.card} end),
    city: .ship.city
  }
else
  {order: .id, turned_away: true}
end
