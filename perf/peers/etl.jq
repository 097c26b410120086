# corpora/etl: a nested reading of a weather station becomes a row of a warehouse.
def words: [splits("[ ,/]+") | select(. != "")];
def threes: [range(0; length; 3) as $n | .[$n : $n + 3]];

.meta.source as $source
| .meta.batch as $batch
| .station as $station
| .payload.readings as $readings
| ($station.name | words) as $words
| "\($words[0]).\($words | length)" as $slug
| if ($readings | length) == 0 then
    {skipped: $slug, why: "\($slug) has no readings", $source}
  else
    $station.place.country as $country
    | (if $country == "SE" or $country == "NO" or $country == "FI" then {warehouse: "north", system: "lake"}
       elif $country < "F" then {warehouse: "west"}
       else {warehouse: "rest", $country, $batch} end) as $place
    | {
        id: "\($slug)#\($batch)",
        station: {name: $station.name, $country, tags: (.payload.tags | threes)},
        summary: {
          count: ($readings | length),
          first: $readings[0],
          last: $readings[-1].t,
          frost: [$readings[] | select(.t < 0) | .at],
          by: $slug
        },
        lineage: ($source + $place),
        celsius: [$readings[].t],
        last: $readings[-1].at
      }
  end
