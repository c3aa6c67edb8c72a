import Catalog
import Postgres
import QueryLanguage
import Testing

@testable import Records

@Suite("SQL of filters")
struct QuerySQLTests {
    /// The condition, with what it joins in front, and the number of parameters.
    static let table: [(filter: String, sql: String)] = [
        // Comparison and null.
        ("name eq 'Acme'", "t.\"name\" = $1"),
        ("name ne 'Acme'", "t.\"name\" IS DISTINCT FROM $1"),
        ("name eq note", "t.\"name\" IS NOT DISTINCT FROM t.\"note\""),
        ("name eq null", "t.\"name\" IS NULL"),
        ("name ne null", "t.\"name\" IS NOT NULL"),
        ("count gt 5", "t.\"count\" > $1"),
        ("version gt 5", "t.\"version\" > $1"),
        ("not (count gt 5)", "(t.\"count\" > $1) IS NOT TRUE"),
        ("not (version gt 5)", "NOT (t.\"version\" > $1)"),
        ("not active", "NOT t.\"active\""),
        ("ratio gt count", "t.\"ratio\" > t.\"count\"::numeric"),
        ("count in (1,2,3)", "t.\"count\" = ANY ($1)"),
        ("count in (1,null)", "(t.\"count\" = ANY ($1)) OR t.\"count\" IS NULL"),
        ("not (count in (1,2))", "(t.\"count\" = ANY ($1)) IS NOT TRUE"),
        ("colour eq 'red'", "t.\"colour\" = $1"),
        // Categories of choices, as choices where an index can serve them.
        ("colour/category eq 'warm'", "t.\"colour\" = ANY ($1)"),
        ("'warm' ne colour/category", "(t.\"colour\" = ANY ($1)) IS NOT TRUE"),
        ("colour/category in ('warm','cold')", "t.\"colour\" = ANY ($1)"),
        (
            "length(colour/category) eq 4",
            "length(CASE WHEN t.\"colour\" = ANY ($1) THEN $2 WHEN t.\"colour\" = ANY ($3) THEN $4 END)::bigint = $5"
        ),
        ("name eq 'a' and (count lt 3 or active)", "(t.\"name\" = $1) AND ((t.\"count\" < $2) OR t.\"active\")"),
        // Functions.
        ("startswith(name,'Sm')", "t.\"name\" >= $1 AND t.\"name\" < $2"),
        ("startswith(name,'')", "t.\"name\" >= $1"),
        ("startswith(name,note)", "starts_with(t.\"name\", t.\"note\")"),
        ("contains(name,'m')", "strpos(t.\"name\", $1) > 0"),
        ("endswith(name,'m')", "right(t.\"name\", length($1)) = $1"),
        ("tolower(name) eq 'acme'", "tessera.lower(t.\"name\") = $1"),
        ("tolower(name) gt toupper(note)", "tessera.lower(t.\"name\") > tessera.upper(t.\"note\") COLLATE \"C\""),
        ("length(name) eq 3", "length(t.\"name\")::bigint = $1"),
        ("indexof(name,'m') eq 1", "(strpos(t.\"name\", $1)::bigint - 1) = $2"),
        ("year(moment) eq 2024", "extract(year from (t.\"moment\" AT TIME ZONE 'UTC'))::bigint = $1"),
        ("year(day) eq 2024", "extract(year from t.\"day\")::bigint = $1"),
        ("date(moment) eq 2024-02-29", "(t.\"moment\" AT TIME ZONE 'UTC')::date = $1"),
        ("count div 2 eq 3", "tessera.int64(div(t.\"count\"::numeric, nullif($1, 0)::numeric)) = $2"),
        ("day add span gt 2024-01-01", "tessera.moved(t.\"day\", t.\"span\") > $1"),
        (
            "date(2024-01-01T23:30:00+02:00 add span) eq day",
            "((tessera.moved($1, t.\"span\") + $2 * interval '1 minute') AT TIME ZONE 'UTC')::date IS NOT DISTINCT FROM t.\"day\""
        ),
        // Structured values, links, collections.
        ("place/city eq 'Oslo'", "t.\"place_city\" = $1"),
        (
            "place eq null",
            "num_nonnulls(t.\"place_street\", t.\"place_city\", t.\"place_region\", t.\"place_postal_code\", t.\"place_country\") = 0"
        ),
        ("parent_id eq 01900000-0000-7000-8000-000000000001", "t.\"parent_id\" = $1"),
        (
            "group/label eq 'A' and group/size gt 3",
            "LEFT JOIN \"lab\".\"group\" AS j1 ON j1.\"id\" = t.\"group_id\" AND j1.deleted_at IS NULL | (j1.\"label\" = $1) AND (j1.\"size\" > $2)"
        ),
        (
            "parent/group/label eq 'A'",
            "LEFT JOIN \"lab\".\"thing\" AS j1 ON j1.\"id\" = t.\"parent_id\" AND j1.deleted_at IS NULL LEFT JOIN \"lab\".\"group\" AS j2 "
                + "ON j2.\"id\" = j1.\"group_id\" AND j2.deleted_at IS NULL | j2.\"label\" = $1"
        ),
        (
            "group ne null",
            "LEFT JOIN \"lab\".\"group\" AS j1 ON j1.\"id\" = t.\"group_id\" AND j1.deleted_at IS NULL | j1.\"id\" IS NOT NULL"
        ),
        (
            "subject/lab.thing/name eq 'A'",
            "LEFT JOIN \"lab\".\"thing\" AS j1 ON j1.\"id\" = t.\"subject_id\" AND t.\"subject_type\" = 'lab.thing' AND j1.deleted_at IS NULL "
                + "| j1.\"name\" = $1"
        ),
        ("tags/any(x:x eq 'vip')", "t.\"tags\" @> $1"),
        (
            "tags/any(x:startswith(x,'v'))",
            "EXISTS (SELECT 1 FROM unnest(t.\"tags\") AS v1(value) WHERE v1.\"value\" >= $1 AND v1.\"value\" < $2)"
        ),
        ("tags has 'vip'", "t.\"tags\" @> $1"), ("colours has 'red,blue'", "(t.\"colours\" @> $1) AND (t.\"colours\" @> $2)"),
        ("cast(amount,Edm.String) eq 'x'", "trim_scale(t.\"amount\")::text = $1"),
        (
            "cast(name,Edm.Decimal) gt 3.5",
            "CASE WHEN t.\"name\" ~ '^[+-]?[0-9]{1,100}([.][0-9]{1,100})?$' THEN t.\"name\"::numeric END > $1"
        ),
        ("tags/$count gt 1", "coalesce(cardinality(t.\"tags\"), 0)::bigint > $1"),
        // Mail addresses and phone numbers by their normal forms.
        (
            "emails/any(e:e/address eq 'A@b.c')",
            "EXISTS (SELECT 1 FROM \"lab\".\"thing__emails\" AS v1 WHERE v1.\"record_id\" = t.\"id\" AND (v1.\"normalised\" = $1))"
        ),
        (
            "primary_email eq 'A@b.c'",
            "EXISTS (SELECT 1 FROM \"lab\".\"thing__emails\" AS v1 WHERE v1.\"record_id\" = t.\"id\" AND (v1.\"is_primary\" AND (v1.\"normalised\" = $1)))"
        ),
        (
            "primary_phone ne '+47 22'",
            "NOT EXISTS (SELECT 1 FROM \"lab\".\"thing__phones\" AS v1 WHERE v1.\"record_id\" = t.\"id\" AND (v1.\"is_primary\" AND (v1.\"normalised\" = $1)))"
        ),
        ("homepage eq 'a.example'", "t.\"homepage\" = $1"),
        ("homepage in ('a.example',null)", "(t.\"homepage\" = ANY ($1)) OR (t.\"homepage\" IS NULL)"),
        ("primary_email eq null", "t.\"primary_email\" IS NULL"),
        ("primary_email eq name", "tessera.lower(t.\"primary_email\") IS NOT DISTINCT FROM tessera.lower(t.\"name\")"),
        (
            "emails/all(e:e/kind eq 'work')",
            "NOT EXISTS (SELECT 1 FROM \"lab\".\"thing__emails\" AS v1 WHERE v1.\"record_id\" = t.\"id\" AND (v1.\"kind\" = $1) IS NOT TRUE)"
        ),
        ("phones/$count eq 2", "(SELECT count(*) FROM \"lab\".\"thing__phones\" AS v1 WHERE v1.\"record_id\" = t.\"id\") = $1"),
        (
            "children/any(c:c/count gt 3)",
            "EXISTS (SELECT 1 FROM \"lab\".\"thing\" AS v1 WHERE v1.\"parent_id\" = t.\"id\" AND v1.deleted_at IS NULL AND (v1.\"count\" > $1))"
        ),
        (
            "groups/any(g:g/label eq 'A' and g/_link/role eq 'lead')",
            "EXISTS (SELECT 1 FROM \"lab\".\"thing__groups\" AS l2 JOIN \"lab\".\"group\" AS v1 ON v1.\"id\" = l2.\"target_id\" "
                + "WHERE l2.\"source_id\" = t.\"id\" AND v1.deleted_at IS NULL AND ((v1.\"label\" = $1) AND (l2.\"role\" = $2)))"
        ),
        (
            "children/any(c:c/group/label eq name)",
            "EXISTS (SELECT 1 FROM \"lab\".\"thing\" AS v1 LEFT JOIN \"lab\".\"group\" AS j2 ON j2.\"id\" = v1.\"group_id\" AND j2.deleted_at IS NULL "
                + "WHERE v1.\"parent_id\" = t.\"id\" AND v1.deleted_at IS NULL AND (j2.\"label\" IS NOT DISTINCT FROM t.\"name\"))"
        ),
    ]

    @Test("compiles each filter to exactly this condition", arguments: table.indices)
    func condition(_ index: Int) throws {
        let (filter, expected) = Self.table[index]
        let shape = try #require(LabTypes.catalog.typeShape(named: "lab.thing"))
        let compiler = try QueryCompiler(catalog: LabTypes.catalog, access: Lab.access, shape: shape)
        let condition = try compiler.condition(Lab.expression(filter), .lenient).text
        let joins = compiler.record.from.text.dropFirst("\"lab\".\"thing\" AS t".utf8.count)
        #expect((joins.isEmpty ? condition : "\(joins.dropFirst()) | \(condition)") == expected)
    }

    @Test("binds other literals to the same text, each in its place")
    func sharing() throws {
        let filters = [
            "startswith(name,'Sm') and count in (1,2) or ratio gt 1.5", "startswith(name,'Xyz') and count in (7) or ratio gt 200",
        ]
        let reads = try filters.map { filter in
            let query = try Lab.query("filter=" + filter.replacing(" ", with: "%20"), shape: "lab.thing")
            let key = QueryKey("", of: query)
            let shape = try #require(LabTypes.catalog.typeShape(named: "lab.thing"))
            let compiler = ListCompiler(
                catalog: LabTypes.catalog, access: Lab.access, format: ReadFormat(), shape: shape, includeDeleted: false)
            let compiled = try compiler.list(query, range: nil, limit: .rows(51, skips: false), literals: key.literals)
            return (key.shape, compiled.text, compiled.shown(ReadValues(literals: key.literals)))
        }
        #expect(reads[0].0 == reads[1].0)
        #expect(reads[0].1 == reads[1].1)
        #expect(reads[0].2 == ["'Sm'", "'Sn'", "(1,2)", "1.5"])
        #expect(reads[1].2 == ["'Xyz'", "'Xy{'", "(7)", "200"])
    }

    @Test("prefixes that differ in kind do not share a text")
    func prefixKinds() throws {
        let shapes = try ["startswith(name,'Sm')", "startswith(name,'')", "startswith(name,'é')"].map { filter in
            var query = try Lab.query("", shape: "lab.thing")
            query.filter = try Lab.expression(filter)
            return QueryKey("", filterOf: query).shape
        }
        #expect(Set(shapes).count == 3)
    }

    @Test(
        "the end of a prefix is the next text by code point",
        arguments: [
            ("Sm", "Sn"), ("a\u{D7FF}", "a\u{E000}"), ("z\u{10FFFF}", "{"), ("\u{7F}", "\u{80}"),
        ])
    func prefixEnd(_ prefix: String, _ end: String) {
        #expect(PrefixRange.end(of: prefix) == end)
    }

    @Test("no text ends an empty prefix, or one of nothing but the last code point", arguments: ["", "\u{10FFFF}", "\u{10FFFF}\u{10FFFF}"])
    func endless(_ prefix: String) {
        #expect(PrefixRange.end(of: prefix) == nil)
    }
}
