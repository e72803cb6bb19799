"""What units must have taken in, and nobody recorded: SQL over a set of units, against the bills of their routes. Pure.

A unit must have passed a step of its route where a record says so, where a record of a later step does, or where the
unit is finished or was built into something. Such a step asks for every material of its bill: for one link at least,
or for one at each position. A link whose material nobody knows proves nothing. Quantities are not weighed: a roll that
tore at half its length takes in half.

A bill does not say how many links a material makes: a splice, a change of batch or two lots have one more. So a link
that was deleted is missing whatever the bill says, until the same is told again; and so are metres of a roll on which
nothing of a material lies that says of each of its links where it lies.

A step without a record is missing as a whole, whatever its bill. A unit whose definition or route nobody knows may be
made of anything.
"""

# Finished or gone: it has been through all its steps. A scrapped one has been where its records say.
_THROUGH = "('COMPLETED', 'CONSUMED', 'SHIPPED', 'RETURNED')"
# Of a roll's length, by all links of a material together; encoders differ by less than the rest.
COVERED = 0.995
_WITHDRAWN = "exists (select 1 from lines_withdrawnrecord x where x.record_id = r.id)"
# Of a deleted link k: the same was told once more.
TOLD_AGAIN = """exists (
        select 1 from traceability_currentlink l where l.output_id = k.unit_id
        and l.input_unit_id is not distinct from k.input_unit_id
        and l.input_lot_id is not distinct from k.input_lot_id and l.position is not distinct from k.position
        and l.own_from_m is not distinct from k.own_from_m and l.from_m is not distinct from k.from_m)"""
# {units}: a subquery of unit ids. Gives (unit_id, step_id, material_id, needed, found, last_at, why).
LACKING = f"""
step_operation (step_id, code) as materialized (
    select s.id, o.code from lines_routestep s join lines_operation o on o.id = s.operation_id
    union
    select a.routestep_id, o.code from lines_routestep_alternatives a join lines_operation o on o.id = a.operation_id
),
looked (id, serial, state, definition_id, length_m, route_id, updated_at) as materialized (
    select u.id, u.serial, u.state, u.definition_id, u.length_m, coalesce(u.route_id, (
               select s.route_id from lines_routestep s join lines_route r on r.id = s.route_id
               where s.definition_id = u.definition_id order by r.version desc limit 1)), u.updated_at
    from ({{units}}) as chosen (unit_id) join traceability_unit u on u.id = chosen.unit_id
),
own_step as materialized (
    select w.id as unit_id, s.id as step_id, s.sequence, s.sample_every, w.updated_at
    from looked w join lines_routestep s on s.route_id = w.route_id and s.definition_id = w.definition_id
),
visited as materialized (
    select w.id as unit_id, s.id as step_id, s.sequence, max(r.received_at) as last_at
    from looked w join lines_operationrecord r on r.serial = w.serial and r.attempt > 0 and not {_WITHDRAWN}
    join step_operation p on p.code = r.operation
    join lines_routestep s on s.id = p.step_id and s.route_id = w.route_id and s.definition_id = w.definition_id
    group by 1, 2, 3
),
reached as materialized (
    select w.id as unit_id, case
        when w.state in {_THROUGH} or exists (select 1 from traceability_currentlink l where l.input_unit_id = w.id)
        then 32767 else coalesce(max(v.sequence), -1) end as sequence
    from looked w left join visited v on v.unit_id = w.id group by w.id, w.state
),
passed as materialized (
    select s.unit_id, s.step_id, v.unit_id is not null as is_recorded, coalesce(v.last_at, s.updated_at) as last_at
    from own_step s join reached on reached.unit_id = s.unit_id
    left join visited v on v.unit_id = s.unit_id and v.step_id = s.step_id
    where v.unit_id is not null or (s.sequence < reached.sequence and s.sample_every = 1)
),
held_in as materialized (
    select l.output_id as unit_id, p.step_id, coalesce(t.material_code, d.code) as material,
           count(*) as n_links, count(distinct l.position) + count(*) filter (where l.position is null) as n_positions
    from looked w join traceability_currentlink l on l.output_id = w.id
    join lines_operationrecord r on r.id = l.record_id
    join step_operation p on p.code = r.operation
    left join traceability_lot t on t.id = l.input_lot_id
    left join traceability_unit i on i.id = l.input_unit_id
    left join lines_materialdefinition d on d.id = i.definition_id
    group by 1, 2, 3
),
lost as materialized (
    select k.unit_id, case when m.id is not null then at.step_id end as step_id, m.id as material_id,
           count(*) as n_links, max(k.last_at) as last_at
    from looked w join traceability_lostlink k on k.unit_id = w.id
    left join lines_materialdefinition m on m.code = k.material
    left join lateral (
        select min(s.step_id) as step_id from own_step s join step_operation p on p.step_id = s.step_id
        where s.unit_id = w.id and p.code = k.operation) as at on true
    where not {TOLD_AGAIN}
    group by 1, 2, 3
),
asked as materialized (
    select p.unit_id, p.step_id, b.material_id, greatest(b.positions, 1) as needed,
           coalesce(case when b.positions > 0 then h.n_positions else h.n_links end, 0) as found, p.last_at
    from passed p join lines_billitem b on b.step_id = p.step_id
    join lines_materialdefinition m on m.id = b.material_id
    left join held_in h on h.unit_id = p.unit_id and h.step_id = p.step_id and h.material = m.code
),
bare as materialized (
    select w.id as unit_id, m.id as material_id, count(*) as n_links, max(r.received_at) as last_at,
           max(r.operation) as operation
    from looked w join traceability_currentlink l on l.output_id = w.id
    join lines_operationrecord r on r.id = l.record_id
    left join traceability_lot t on t.id = l.input_lot_id
    left join traceability_unit i on i.id = l.input_unit_id
    left join lines_materialdefinition d on d.id = i.definition_id
    join lines_materialdefinition m on m.code = coalesce(t.material_code, d.code)
    where w.length_m > 0 group by w.id, w.length_m, m.id
    having bool_and(l.own_from_m is not null and l.own_to_m is not null) and (
        select sum(upper(part) - lower(part)) from unnest(range_agg(numrange(
            least(greatest(l.own_from_m, 0), w.length_m)::numeric,
            least(greatest(l.own_to_m, l.own_from_m, 0), w.length_m)::numeric, '[]'))) as part
    ) < {COVERED} * w.length_m
),
lacking (unit_id, step_id, material_id, needed, found, last_at, why) as (
    select a.unit_id, a.step_id, a.material_id, greatest(a.needed, a.found + coalesce(k.n_links, 0))::int,
           a.found::int, a.last_at, case when k.unit_id is null then 'BILL' else 'LOST' end
    from asked a
    left join lost k on k.unit_id = a.unit_id and k.step_id = a.step_id and k.material_id = a.material_id
    where a.found < a.needed or k.unit_id is not null
    union all
    select k.unit_id, k.step_id, k.material_id, k.n_links::int, 0, k.last_at, 'LOST' from lost k
    where not exists (
        select 1 from asked a
        where a.unit_id = k.unit_id and a.step_id = k.step_id and a.material_id = k.material_id)
    union all
    select b.unit_id, (
               select min(s.step_id) from own_step s join step_operation p on p.step_id = s.step_id
               where s.unit_id = b.unit_id and p.code = b.operation),
           b.material_id, b.n_links::int + 1, b.n_links::int, b.last_at, 'METRES' from bare b
    where not exists (select 1 from lost k where k.unit_id = b.unit_id and k.material_id = b.material_id)
    union all
    select unit_id, step_id, null, 1, 0, last_at, 'BILL' from passed where not is_recorded
    union all
    select w.id, null, null, 1, 0, w.updated_at, 'BILL' from looked w
    where not exists (select 1 from own_step s where s.unit_id = w.id)
)
"""  # noqa: S608 - constants of this module
# Records are received before they are seen by others, when their post is done.
MEANWHILE = "interval '10 minutes'"
# Units that something happened to since a time, with those that went into them: %(since)s, %(until)s.
TOUCHED = f"""
select u.id from lines_operationrecord r join traceability_unit u on u.serial = r.serial
where r.received_at >= %(since)s::timestamptz - {MEANWHILE} and r.received_at <= %(until)s
union
select l.input_unit_id from lines_operationrecord r join traceability_genealogylink l on l.record_id = r.id
where r.received_at >= %(since)s::timestamptz - {MEANWHILE} and r.received_at <= %(until)s
    and l.input_unit_id is not null
union
select u.id from traceability_correction c join lines_operationrecord r on r.id = c.record_id
join traceability_unit u on u.serial = r.serial where c.at >= %(since)s::timestamptz - {MEANWHILE} and c.at <= %(until)s
union
select part.id from traceability_correction c
join traceability_genealogylink l on l.id in (c.removed_link_id, c.added_link_id)
cross join lateral (values (l.output_id), (l.input_unit_id)) as part (id)
where c.at >= %(since)s::timestamptz - {MEANWHILE} and c.at <= %(until)s and part.id is not null
"""  # noqa: S608 - constants of this module
# Units that a look (checking.py) did not see as they are now: %(looked_unit)s, %(looked_at)s, %(until)s.
SINCE_LOOKED = f"""
select id from traceability_unit where id > %(looked_unit)s
union select unit_id from traceability_linktocheck
union {TOUCHED.replace("%(since)s", "%(looked_at)s")}
"""  # noqa: S608 - a constant of ours
