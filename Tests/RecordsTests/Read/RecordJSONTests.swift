import Catalog
import QueryLanguage
import Testing

@testable import Records

@Suite("JSON of records")
struct RecordJSONTests {
    @Test("writes every kind of field as OData has it")
    func everyKind() async throws {
        try await Lab.with { lab in
            try await lab.storeExample()
            let record = try #require(try await lab.store.record(lab.thing, .id(Lab.id(1)), access: Lab.access))
            #expect(record.id == Lab.id(1))
            #expect(record.version == 7)
            let id = Lab.id(1).description
            let principal = Lab.principal.description
            #expect(
                String(decoding: record.json, as: UTF8.self) == """
                    {"@etag":"W/\\"7\\"","id":"\(id)","version":7,"created_at":"2024-01-02T03:04:05Z","created_by":"\(principal)",\
                    "updated_at":"2024-01-02T03:04:05.678Z","updated_by":"\(principal)","owner_id":"\(principal)","deleted_at":null,\
                    "name":"full \\"q\\" \\\\ \\u0001é😀","title":"T","note":"line\\nline","count":9007199254740993,"ratio":12345678901234.5000,\
                    "amount":-0.01,"amount_currency":"EUR","active":true,"day":"2024-02-29","moment":"2024-02-29T21:30:00.12Z",\
                    "span":"-P1DT2H0.5S","colour":"red","colours":["red","blue"],"tags":["b","a,\\"x"],"primary_email":"A@x.org",\
                    "emails":[{"address":"A@x.org","normalised":"a@x.org","kind":"work","is_primary":true,"opted_out":false,"invalid":false},\
                    {"address":"B@x.org","normalised":"b@x.org","kind":null,"is_primary":false,"opted_out":true,"invalid":false}],\
                    "primary_phone":"+47 22","phones":[{"number":"+47 22","normalised":"+4722","extension":"7","kind":null,"is_primary":true,\
                    "invalid":true}],"homepage":"https://example.org","place":{"street":null,"city":"Oslo","region":null,"postal_code":null,\
                    "country":null},"parent_id":null,"group_id":"\(Lab.id(1, group: true))","subject_type":"lab.group",\
                    "subject_id":"\(Lab.id(3, group: true))","keeper_id":"\(principal)","attachment_id":"\(Lab.id(900))",\
                    "attachment":{"id":"\(Lab.id(900))","name":"a.txt","media_type":"text/plain","size":7},"extra":{"a": [1, null]},"code":"C1"}
                    """)
        }
    }

    static let formats: [(format: ReadFormat, query: String, json: String)] = [
        (
            ReadFormat(version: .v4_0), "select=count",
            "{\"@odata.id\":\"things(01900000-0000-7000-8000-000000000001)\",\"@odata.etag\":\"W/\\\"7\\\"\",\"count\":9007199254740993}"
        ),
        (ReadFormat(metadata: .none), "select=count,name", "{\"count\":9007199254740993,\"name\":\"full \\\"q\\\" \\\\ \\u0001é😀\"}"),
        (
            ReadFormat(metadata: .none, ieee754Compatible: true), "select=count,ratio,amount,version",
            "{\"count\":\"9007199254740993\",\"ratio\":\"12345678901234.5000\",\"amount\":\"-0.01\",\"version\":\"7\"}"
        ),
        (
            ReadFormat(metadata: .none), "select=place/city,emails,tags&expand=parent(select=name)",
            """
            {"place":{"city":"Oslo"},"emails":[{"address":"A@x.org","normalised":"a@x.org","kind":"work","is_primary":true,"opted_out":false,\
            "invalid":false},{"address":"B@x.org","normalised":"b@x.org","kind":null,"is_primary":false,"opted_out":true,"invalid":false}],\
            "tags":["b","a,\\"x"],"parent":null}
            """
        ),
        (
            ReadFormat(metadata: .none), "select=name&expand=group(select=label,size)",
            """
            {"name":"full \\"q\\" \\\\ \\u0001é😀","group":{"label":"Alpha","size":9007199254740993}}
            """
        ),
        // Deleted members are hidden, and so is the link to them.
        (
            ReadFormat(metadata: .none), "select=id&expand=groups(select=label,_link;orderby=label desc)",
            """
            {"id":"01900000-0000-7000-8000-000000000001","groups":[{"label":"Gamma","_link":{"is_primary":false,"role":"role 3","since":"2024-02-29",\
            "fee":1.5,"fee_currency":"EUR"}},{"label":"Alpha","_link":{"is_primary":true,"role":"role 1","since":"2024-02-29","fee":1.5,\
            "fee_currency":"EUR"}}]}
            """
        ),
        (
            ReadFormat(metadata: .none), "select=code&expand=groups(select=label;filter=_link/role eq 'role 3')",
            """
            {"code":"C1","groups":[{"label":"Gamma"}]}
            """
        ),
        (
            ReadFormat(), "select=code&expand=children(select=name;orderby=name desc;top=1;skip=1;count=true)",
            """
            {"@id":"things(01900000-0000-7000-8000-000000000001)","@etag":"W/\\"7\\"","code":"C1","children@count":2,\
            "children":[{"@id":"things(01900000-0000-7000-8000-000000000002)","@etag":"W/\\"1\\"","name":"empty"}]}
            """
        ),
        (
            ReadFormat(version: .v4_0), "select=code&expand=children(select=name;count=true;filter=count gt 3;expand=parent(select=code))",
            """
            {"@odata.id":"things(01900000-0000-7000-8000-000000000001)","@odata.etag":"W/\\"7\\"","code":"C1","children@odata.count":1,\
            "children":[{"@odata.id":"things(01900000-0000-7000-8000-000000000004)","@odata.etag":"W/\\"1\\"","name":"last",\
            "parent":{"@odata.id":"things(01900000-0000-7000-8000-000000000001)","@odata.etag":"W/\\"7\\"","code":"C1"}}]}
            """
        ),
        (
            ReadFormat(metadata: .none), "select=code&expand=subject",
            """
            {"code":"C1","subject":{"@type":"#lab.group","id":"01900000-0000-7001-8000-000000000003","version":1,"created_at":"2024-01-02T03:04:05Z",\
            "created_by":"00000000-0000-7000-8000-000000000001","updated_at":"2024-01-02T03:04:05.678Z",\
            "updated_by":"00000000-0000-7000-8000-000000000001","owner_id":"00000000-0000-7000-8000-000000000001","deleted_at":null,\
            "label":"Gamma","size":3,"head_id":null}}
            """
        ),
        (
            ReadFormat(metadata: .full), "select=code&expand=group(select=label)",
            """
            {"@type":"#lab.thing","@id":"things(01900000-0000-7000-8000-000000000001)","@etag":"W/\\"7\\"",\
            "@editLink":"things(01900000-0000-7000-8000-000000000001)","code":"C1",\
            "group@associationLink":"things(01900000-0000-7000-8000-000000000001)/group/$ref",\
            "group@navigationLink":"things(01900000-0000-7000-8000-000000000001)/group","group":{"@type":"#lab.group",\
            "@id":"groups(01900000-0000-7001-8000-000000000001)","@etag":"W/\\"1\\"",\
            "@editLink":"groups(01900000-0000-7001-8000-000000000001)","label":"Alpha"}}
            """
        ),
        // Types of values, where JSON leaves them open: in 4.0 with a hash.
        (
            ReadFormat(version: .v4_0, metadata: .full),
            "select=name,count,ratio,active,day,moment,span,colours,tags,place/city,group_id,extra,attachment/size",
            """
            {"@odata.type":"#lab.thing","@odata.id":"things(01900000-0000-7000-8000-000000000001)","@odata.etag":"W/\\"7\\"",\
            "@odata.editLink":"things(01900000-0000-7000-8000-000000000001)","name":"full \\"q\\" \\\\ \\u0001é😀",\
            "count@odata.type":"#Int64","count":9007199254740993,"ratio@odata.type":"#Decimal","ratio":12345678901234.5000,"active":true,\
            "day@odata.type":"#Date","day":"2024-02-29","moment@odata.type":"#DateTimeOffset","moment":"2024-02-29T21:30:00.12Z",\
            "span@odata.type":"#Duration","span":"-P1DT2H0.5S","colours@odata.type":"#Collection(String)","colours":["red","blue"],\
            "tags@odata.type":"#Collection(String)","tags":["b","a,\\"x"],\
            "place":{"@odata.type":"#tessera.address","city":"Oslo"},"group_id@odata.type":"#Guid",\
            "group_id":"01900000-0000-7001-8000-000000000001","extra":{"a": [1, null]},\
            "attachment":{"@odata.type":"#tessera.file","size@odata.type":"#Int64","size":7}}
            """
        ),
        // What a link to many leads to has a type of its own, with the link's columns.
        (
            ReadFormat(metadata: .full), "select=day,emails&expand=groups(select=size,_link;filter=_link/role eq 'role 3';count=true)",
            """
            {"@type":"#lab.thing","@id":"things(01900000-0000-7000-8000-000000000001)","@etag":"W/\\"7\\"",\
            "@editLink":"things(01900000-0000-7000-8000-000000000001)","day@type":"Date","day":"2024-02-29",\
            "emails@type":"#Collection(tessera.email)","emails":[{"address":"A@x.org","normalised":"a@x.org","kind":"work",\
            "is_primary":true,"opted_out":false,"invalid":false},{"address":"B@x.org","normalised":"b@x.org","kind":null,\
            "is_primary":false,"opted_out":true,"invalid":false}],"groups@count":1,\
            "groups@associationLink":"things(01900000-0000-7000-8000-000000000001)/groups/$ref",\
            "groups@navigationLink":"things(01900000-0000-7000-8000-000000000001)/groups",\
            "groups":[{"@type":"#lab.thing_groups","@id":"groups(01900000-0000-7001-8000-000000000003)","@etag":"W/\\"1\\"",\
            "@editLink":"groups(01900000-0000-7001-8000-000000000003)","size@type":"Int64","size":3,\
            "_link":{"@type":"#lab.thing_groups_link","is_primary":false,"role":"role 3","since@type":"Date","since":"2024-02-29",\
            "fee@type":"Decimal","fee":1.5,"fee_currency":"EUR"}}]}
            """
        ),
        // What is computed isn't in $metadata, so that its type stands with minimal metadata too.
        (
            ReadFormat(), "compute=count sub 1 as less,concat(code,'!') as loud&select=less,loud",
            "{\"@id\":\"things(01900000-0000-7000-8000-000000000001)\",\"@etag\":\"W/\\\"7\\\"\",\"less@type\":\"Int64\",\"less\":9007199254740992,\"loud\":\"C1!\"}"
        ),
    ]

    @Test("formats, selections and expansions come out exactly so")
    func formats() async throws {
        try await Lab.with { lab in
            try await lab.storeExample()
            for (format, text, expected) in Self.formats {
                let query = try lab.query(text.replacing(" ", with: "%20"), on: lab.thing)
                let record = try await lab.store.record(lab.thing, .id(Lab.id(1)), query: query, format: format, access: Lab.access)
                #expect(record.map { String(decoding: $0.json, as: UTF8.self) } == expected, "\(text)")
            }
        }
    }

    @Test("full metadata tells about every link, where nothing is selected")
    func fullLinks() async throws {
        try await Lab.with { lab in
            try await lab.storeExample()
            let format = ReadFormat(version: .v4_0, metadata: .full)
            let record = try #require(
                try await lab.store.record(lab.group, .id(Lab.id(1, group: true)), format: format, access: Lab.access))
            let address = "groups(\(Lab.id(1, group: true)))"
            let links = ["head", "things", "members"].map {
                "\"\($0)@odata.associationLink\":\"\(address)/\($0)/$ref\",\"\($0)@odata.navigationLink\":\"\(address)/\($0)\""
            }
            #expect(String(decoding: record.json, as: UTF8.self).hasSuffix(",\(links.joined(separator: ","))}"))
        }
    }

    @Test("finds records by unique keys, and deleted ones only when asked")
    func keys() async throws {
        try await Lab.with { lab in
            try await lab.storeExample()
            let byCode = try await lab.store.record(lab.thing, .unique(["code": "C1"]), access: Lab.access)
            #expect(byCode?.id == Lab.id(1))
            #expect(try await lab.store.record(lab.thing, .unique(["code": "C2"]), access: Lab.access) == nil)
            #expect(try await lab.store.record(lab.thing, .id(Lab.id(3)), access: Lab.access) == nil)
            #expect(try await lab.store.record(lab.thing, .id(Lab.id(3)), includeDeleted: true, access: Lab.access)?.id == Lab.id(3))
            await #expect(throws: RecordsError.self) {
                try await lab.store.record(lab.thing, .unique(["nothing": "C1"]), access: Lab.access)
            }
        }
    }

    @Test("links: what they lead to, what they hide, and what they are not")
    func links() async throws {
        try await Lab.with { lab in
            try await lab.storeExample()
            let format = ReadFormat(metadata: .none)
            func members(_ navigation: String, _ text: String, of id: GUID = Lab.id(1), shape: String, type: RecordType) async throws
                -> String?
            {
                let query = try Lab.query(text, shape: shape)
                let request = ListRequest(type: type, query: query, format: format)
                return try await lab.store.links(lab.thing, id, navigation: navigation, request: request, access: Lab.access).map {
                    String(decoding: $0.items, as: UTF8.self)
                }
            }
            #expect(
                try await members("children", "select=name&orderby=name", shape: "lab.thing", type: lab.thing)
                    == "{\"name\":\"empty\"},{\"name\":\"last\"}")
            #expect(
                try await members("groups", "select=label,_link/role&orderby=_link/role%20desc", shape: "lab.thing/groups", type: lab.group)
                    == "{\"label\":\"Gamma\",\"_link\":{\"role\":\"role 3\"}},{\"label\":\"Alpha\",\"_link\":{\"role\":\"role 1\"}}")
            #expect(try await members("children", "", of: Lab.id(3), shape: "lab.thing", type: lab.thing) == nil)
            #expect(try await members("children", "", of: Lab.id(4), shape: "lab.thing", type: lab.thing) == "")
            func target(_ navigation: String, of id: GUID) async throws -> GUID? {
                try await lab.store.link(lab.thing, id, navigation: navigation, format: format, access: Lab.access)?.id
            }
            #expect(try await target("parent", of: Lab.id(2)) == Lab.id(1))
            #expect(try await target("group", of: Lab.id(2)) == nil)
            #expect(try await target("subject", of: Lab.id(1)) == Lab.id(3, group: true))
            await #expect(throws: RecordsError.self) { try await target("name", of: Lab.id(1)) }
            await #expect(throws: RecordsError.self) { try await members("parent", "", shape: "lab.thing", type: lab.thing) }
        }
    }

    @Test("decodes values for code")
    func values() async throws {
        try await Lab.with { lab in
            try await lab.storeExample()
            let fields = ["name", "span", "ratio", "place", "emails", "group_id", "tags", "moment", "amount_currency"]
            let found = try await lab.store.values(lab.thing, ids: [Lab.id(1), Lab.id(3), Lab.id(99)], fields: fields, access: Lab.access)
            #expect(Array(found.keys) == [Lab.id(1)])
            let values = try #require(found[Lab.id(1)])
            #expect(Set(values.keys) == Set(fields))
            #expect(values["span"] == .duration(DayTimeDuration("-P1DT2H0.5S")!))
            #expect(values["ratio"] == .decimal(DecimalNumber("12345678901234.5000")!))
            #expect(values["moment"] == .dateTime(DateTime("2024-02-29T21:30:00.12Z")!))
            #expect(values["tags"] == .collection(["b", "a,\"x"]))
            #expect(values["amount_currency"] == "EUR")
            guard case .collection(let emails) = values["emails"], case .complex(let first) = emails.first else {
                Issue.record("no emails in \(values)")
                return
            }
            #expect(emails.count == 2)
            #expect(first["address"] == "A@x.org")
        }
    }
}
