import Manifests
import Testing

@Suite("Composing a deployment") struct ComposerTests {
    @Test("the starter deployment composes from the disk")
    func starter() throws {
        let result = Composer().compose("\(Repository.root)/manifests/deployments/starter.yaml")
        #expect(result.diagnostics.map(\.description) == [])
        let composition = try #require(result.composition)
        #expect(composition.modules.map(\.manifest.id.value) == ["contacts"])
        #expect(composition.modules.first?.settings == ["default_region": .text("US")])
        #expect(composition.types.map(\.name.description) == ["contacts.organisation", "contacts.person"])
    }

    @Test("an overlay's fields, choices and labels are merged into the modules' types")
    func overlay() throws {
        let files = [
            "d/deployment.yaml": "deployment: 1\nname: acme\nmodules: { contacts: {} }\noverlays: [overlay.yaml]\n",
            "d/overlay.yaml": try text("sdk/Tests/ManifestsTests/Corpus/accept/overlay-every-addition.yaml"),
            "d/manifests/contacts.yaml": try text("manifests/contacts.yaml"),
        ]
        let result = Composer(files: .memory(files)).compose("d/deployment.yaml")
        #expect(result.diagnostics.map(\.description) == [])
        let composition = try #require(result.composition)
        #expect(composition.types.map(\.name.description) == ["contacts.organisation", "contacts.person", "custom.project"])
        let person = try #require(composition.type(TypeName(module: "contacts", type: "person")))
        #expect(person.fields.last?.key == "loyalty_tier")
        #expect(person.fields.last?.owner == "custom")
        #expect(person.field("job_title")?.declaration.label == "Role at work")
        guard case .choice(let lifecycle)? = person.field("lifecycle")?.declaration.kind else { throw Unexpected() }
        #expect(lifecycle.choices.map(\.key) == ["subscriber", "lead", "contact", "customer", "former_customer", "evangelist"])
    }

    @Test("modules come after those that they require, else by id")
    func order() throws {
        let result = compose(
            modules: "{ b: {}, a: {}, d: {}, c: {} }",
            [
                "a": module("a", requires: "{ c: \"*\" }"), "b": module("b"), "c": module("c", requires: "{ d: \"^1\" }"), "d": module("d"),
            ])
        #expect(result.diagnostics.map(\.description) == [])
        #expect(result.composition?.modules.map(\.manifest.id.value) == ["b", "d", "c", "a"])
    }

    @Test("of several versions the highest is taken that suits all who ask")
    func versions() throws {
        let files = [
            "a": module("a", requires: "{ b: \"<1.2\" }"), "b-1": module("b", version: "1.1.0"), "b-2": module("b", version: "1.1.9"),
            "b-3": module("b", version: "1.2.0"), "b-4": module("b", version: "2.0.0"), "b-5": module("b", version: "1.1.10-rc.1"),
        ]
        #expect(
            compose(modules: "{ a: {}, b: { version: ^1 } }", files).composition?.module("b")?.manifest.version.value.description == "1.1.9"
        )
        #expect(compose(modules: "{ b: { version: ^1 } }", files).composition?.module("b")?.manifest.version.value.description == "1.2.0")
        #expect(compose(modules: "{ b: {} }", files).composition?.module("b")?.manifest.version.value.description == "2.0.0")
    }

    @Test("a folder that comes first hides the same version in a later one, and says so")
    func folders() throws {
        let files = [
            "d.yaml": "deployment: 1\nname: acme\npaths: [own, shared]\nmodules: { a: {} }\n", "own/a.yaml": module("a"),
            "shared/a.yaml": module("a") + "publisher: other\n",
        ]
        let result = Composer(files: .memory(files)).compose("d.yaml")
        #expect(
            result.diagnostics.map(\.description) == [
                "shared/a.yaml:2:5: warning: id: 'a' 1.0.0 stands in own/a.yaml too, with other content; that one is taken"
            ])
        #expect(result.composition?.modules.first?.path == "own/a.yaml")
    }

    @Test("a broken file that nobody asks for is left alone")
    func unasked() throws {
        let result = compose(modules: "{ a: {} }", ["a": module("a"), "broken": "manifest: [", "notes": "just: notes\n"])
        #expect(result.diagnostics.map(\.description) == [])
        #expect(
            compose(modules: "{ broken: {} }", ["broken": "manifest: ["]).diagnostics.map(\.description) == [
                "manifests/broken.yaml:2:1: error: expected a value here; close the [ or { before it, or write the value"
            ])
    }

    @Test("an integrator's label wins over a module's")
    func labels() throws {
        let result = compose(
            modules: "{ a: {}, b: {} }",
            overlay: "{ extends: { a.thing: { label: Case, labels: { name: Title } } } }",
            [
                "a": module("a", types: thing),
                "b": module("b", requires: "{ a: \"*\" }", rest: "extends: { a.thing: { label: Item, labels: { name: Word } } }\n"),
            ])
        #expect(result.diagnostics.map(\.description) == [])
        let type = try #require(result.composition?.types.first)
        #expect(type.label == "Case")
        #expect(type.labelPlural == "Things")
        #expect(type.field("name")?.declaration.label == "Title")
    }

    @Test("secrets come from the environment or from a file beside the deployment")
    func settings() throws {
        let settings = "settings: { key: { type: secret }, word: { type: secret }, n: { type: integer, default: 3 }, t: { type: text } }\n"
        let result = compose(
            modules: "{ a: { settings: { key: { env: A_KEY }, word: { file: secrets/word } } } }", ["a": module("a", rest: settings)],
            folder: "srv")
        #expect(result.diagnostics.map(\.description) == [])
        #expect(
            result.composition?.modules.first?.settings == [
                "key": .secret(.environment("A_KEY")), "word": .secret(.file("srv/secrets/word")), "n": .integer(3),
            ])
    }

    // MARK: What doesn't compose

    struct Failure: Sendable, CustomTestStringConvertible {
        let name: String
        var modules = "{ a: {}, b: {} }"
        var overlay: String?
        var files: [String: String] = [:]
        let findings: [String]

        var testDescription: String { name }
    }

    @Test("what doesn't fit is reported at its place, all at once", arguments: failures)
    func failure(_ failure: Failure) {
        let result = compose(modules: failure.modules, overlay: failure.overlay, failure.files)
        #expect(result.diagnostics.map(\.description) == failure.findings)
        #expect(result.composition == nil)
    }

    @Test("a deployment, overlay or folder that isn't there is reported")
    func missingFiles() {
        #expect(
            Composer(files: .memory([:])).compose("d.yaml").diagnostics.map(\.description) == [
                "d.yaml:1:1: error: there is no file d.yaml"
            ])
        let files = ["d.yaml": "deployment: 1\nname: acme\noverlays: [o.yaml]\npaths: [../modules]\n"]
        #expect(
            Composer(files: .memory(files)).compose("d.yaml").diagnostics.map(\.description) == [
                "d.yaml:3:12: error: overlays[0]: there is no file o.yaml",
                "d.yaml:4:9: error: paths[0]: the folder ../modules can't be read",
            ])
        let folder = ["own/b.yaml": "", "own/a.yaml": "", "own/notes.txt": ""]
        #expect(
            Composer(files: .memory(folder)).compose("own").diagnostics.map(\.description) == [
                "own:1:1: error: own is a folder; name a file, such as own/a.yaml"
            ])
        let near = ["d.yaml": "deployment: 1\nname: acme\noverlays: [overlays/peple.yaml]\n", "overlays/people.yaml": "overlay: {}\n"]
        #expect(
            Composer(files: .memory(near)).compose("d.yaml").diagnostics.map(\.description) == [
                "d.yaml:3:12: error: overlays[0]: there is no file overlays/peple.yaml (did you mean people.yaml?)"
            ])
    }

    @Test(
        "what is no YAML is said in words of the one who wrote it",
        arguments: [
            ("name: [a, b\nmore: 1\n", "2:5: error: expected ',' or ']', to go on in the list that begins on line 1 or to close it"),
            ("name: \"a\nmore: 1\n", "3:1: error: the text in quotes that begins on line 1 is not closed"),
            (
                "name: \"a\\qb\"\n",
                "1:9: error: no escape that is known; write \\\\ for a backslash in double quotes, or put the text in single ones"
            ),
            ("name: - a\n", "1:7: error: no list can begin here; put '- ' on a line of its own below the key"),
            ("a: 1\n}\n", "2:1: error: expected a key here; check indentation and quotes"),
            ("name: & a\n", "1:8: error: anchors (&name) and aliases (*name) are not allowed; quote a text that begins so"),
            ("name: |x\n", "1:8: error: a text that begins with | or > stands on the lines below, indented; else put it in quotes"),
            ("%FOO\n---\na: 1\n", "1:5: error: directives (%YAML, %TAG) are not allowed; quote a text that begins with %"),
        ] as [(String, String)])
    func noYAML(_ text: String, _ finding: String) {
        #expect(Composer(files: .memory(["d.yaml": text])).compose("d.yaml").diagnostics.map(\.description) == ["d.yaml:\(finding)"])
    }
}

private let thing =
    "types:\n  thing:\n    collection: things\n    fields:\n      name: { type: text }\n      state: { type: choice, choices: { open: {} } }\n"

private func module(_ id: String, version: String = "1.0.0", requires: String? = nil, types: String = "", rest: String = "") -> String {
    "manifest: 1\nid: \(id)\nversion: \(version)\nname: \(id)\n" + (requires.map { "requires: \($0)\n" } ?? "") + types + rest
}

private func compose(modules: String, overlay: String? = nil, _ files: [String: String], folder: String? = nil) -> Composer.Result {
    let path = folder.map { "\($0)/" } ?? ""
    var all = Dictionary(uniqueKeysWithValues: files.map { ("\(path)manifests/\($0.key).yaml", $0.value) })
    all["\(path)d.yaml"] = "deployment: 1\nname: acme\nmodules: \(modules)\n" + (overlay.map { "overlay: \($0)\n" } ?? "")
    return Composer(files: .memory(all)).compose("\(path)d.yaml")
}

private func text(_ path: String) throws -> String { String(decoding: try Repository.bytes(path), as: UTF8.self) }

private let failures: [ComposerTests.Failure] = [
    .init(
        name: "a module that isn't there", modules: "{ contcts: {}, billing: {} }", files: ["contacts": module("contacts")],
        findings: [
            "d.yaml:3:12: error: modules.contcts: no module 'contcts' was found in manifests (did you mean contacts?)",
            "d.yaml:3:25: error: modules.billing: no module 'billing' was found in manifests",
        ]),
    .init(
        name: "a requirement that the deployment doesn't name", modules: "{ a: {} }",
        files: ["a": module("a", requires: "{ b: \"*\" }"), "b": module("b")],
        findings: ["manifests/a.yaml:5:13: error: requires.b: 'a' requires the module 'b', which the deployment doesn't name"]),
    .init(
        name: "versions that don't suit", modules: "{ a: { version: \">=2\" }, b: {} }",
        files: ["a": module("a"), "b": module("b", requires: "{ a: ^1.5 }")],
        findings: [
            "d.yaml:3:26: error: modules.a.version: 'a' is there as 1.0.0, which doesn't suit \">=2\"",
            "manifests/b.yaml:5:16: error: requires.a: 'b' requires 'a' in \"^1.5\", but 1.0.0 was chosen",
        ]),
    .init(
        name: "another platform", modules: "{ a: {} }", files: ["a": module("a", rest: "platform: \">=2\"\n")],
        findings: ["manifests/a.yaml:5:11: error: platform: 'a' 1.0.0 runs on Tessera \">=2\", but this is 0.1.0"]),
    .init(
        name: "a circle, and one who only looks in", modules: "{ a: {}, b: {}, c: {}, d: {}, e: {}, f: {} }",
        files: [
            "a": module("a", requires: "{ b: \"*\" }"), "b": module("b", requires: "{ c: \"*\" }"),
            "c": module("c", requires: "{ a: \"*\" }"),
            "d": module("d", requires: "{ a: \"*\" }"), "e": module("e", requires: "{ f: \"*\" }"),
            "f": module("f", requires: "{ e: \"*\" }"),
        ],
        findings: [
            "manifests/a.yaml:5:13: error: requires.b: these modules require one another in a circle: a -> b -> c -> a",
            "manifests/e.yaml:5:13: error: requires.f: these modules require one another in a circle: e -> f -> e",
        ]),
    .init(
        name: "settings",
        files: [
            "a": module(
                "a",
                rest:
                    "settings: { n: { type: integer, range: { max: 5 } }, s: { type: secret }, c: { type: choice, choices: { fast: {} } }, t: { type: text } }\n"
            ),
            "b": module("b", rest: "settings: { r: { type: text, required: true } }\n"),
        ],
        findings: ["d.yaml:3:19: error: modules.b: the module 'b' needs the setting 'r'"]),
    .init(
        name: "setting values",
        modules: "{ a: { settings: { n: 6, s: hunter2, c: fat, t: { env: T }, m: 1, d: 1h, b: yes } } }",
        files: [
            "a": module(
                "a",
                rest:
                    "settings: { n: { type: integer, range: { max: 5 } }, s: { type: secret }, c: { type: choice, choices: { fast: {} } }, t: { type: text }, d: { type: duration }, b: { type: boolean } }\n"
            )
        ],
        findings: [
            "d.yaml:3:32: error: modules.a.settings.n: 6 is above the greatest allowed value, 5",
            "d.yaml:3:38: error: modules.a.settings.s: a secret never stands in a file; write { env: NAME } or { file: PATH }",
            "d.yaml:3:50: error: modules.a.settings.c: 'fat' is not among the choices (did you mean fast?)",
            "d.yaml:3:58: error: modules.a.settings.t: only secrets come from the environment or a file; write the value",
            "d.yaml:3:70: error: modules.a.settings.m: the module 'a' has no setting 'm' (did you mean n?)",
            "d.yaml:3:79: error: modules.a.settings.d: must be a length of time such as PT30S or P1DT12H, not '1h'",
            "d.yaml:3:86: error: modules.a.settings.b: must be true or false, not 'yes'",
        ]),
    .init(
        name: "claims",
        overlay:
            "{ types: { other: { collection: things, fields: { n: { type: text } } } }, extends: { a.thing: { fields: { extra: { type: text } } } } }",
        files: [
            "a": module("a", types: thing),
            "b": module(
                "b", requires: "{ a: \"*\" }",
                rest: """
                    extends:
                      a.thing:
                        fields: { extra: { type: text }, name: { type: text } }
                        choices: { state: { open: {}, closed: {} }, name: { x: {} } }
                        labels: { nme: Title }
                    """),
        ],
        findings: [
            "d.yaml:4:42: error: overlay.types.other.collection: the collection 'things' is claimed by a.thing already, at manifests/a.yaml:7:17",
            "d.yaml:4:117: error: overlay.extends.a.thing.fields.extra: a.thing has 'extra' already: it is the field 'extra' at manifests/b.yaml:8:15",
            "manifests/b.yaml:8:38: error: extends.a.thing.fields.name: a.thing has 'name' already: it is the field 'name' at manifests/a.yaml:9:7",
            "manifests/b.yaml:9:25: error: extends.a.thing.choices.state.open: 'state' has the choice 'open' already, at manifests/a.yaml:10:41",
            "manifests/b.yaml:9:49: error: extends.a.thing.choices.name: 'name' is not a choice field",
            "manifests/b.yaml:10:15: error: extends.a.thing.labels.nme: a.thing has no field 'nme' (did you mean name?)",
        ]),
    .init(
        name: "inverses", modules: "{ a: {}, b: {} }",
        files: [
            "a": module("a", types: thing),
            "b": module(
                "b", requires: "{ a: \"*\" }",
                types: """
                    types:
                      one:
                        collection: ones
                        fields:
                          first: { type: link, to: a.thing, inverse: name }
                          second: { type: link, to: a.thing, inverse: ones }
                          third: { type: links, to: a.thing, inverse: ones }
                          fourth: { type: link, to: a.thng }
                          fifth: { type: link, to: a.thing, inverse: eq }

                    """),
        ],
        findings: [
            "manifests/b.yaml:10:50: error: types.one.fields.first.inverse: a.thing has 'name' already: it is the field 'name' at manifests/a.yaml:9:7",
            "manifests/b.yaml:12:51: error: types.one.fields.third.inverse: a.thing has 'ones' already: it is the inverse of a link from b.one",
            "manifests/b.yaml:13:33: error: types.one.fields.fourth.to: there is no record type a.thng (did you mean a.thing?)",
            "manifests/b.yaml:14:50: error: types.one.fields.fifth.inverse: 'eq' is a word of the expression language; choose another key",
        ]),
    .init(
        name: "views and roles", modules: "{ a: {} }",
        overlay: """
            { types: { p: { collection: ps, fields: { t: { type: link, to: a.thing, inverse: ps }, w: { type: address } } } },
              views: { one: { type: p, columns: [t, t/nme, t/name/x, w/city, w/town, t_id/x, created_at] }, two: { type: thing, columns: [name] },
                three: { type: a.thing, columns: [ps] } },
              roles: { r: { grants: { a.thng: { read: all }, c.x: {} } } } }
            """,
        files: ["a": module("a", types: thing)],
        findings: [
            "d.yaml:5:41: error: overlay.views.one.columns[1]: a.thing has no field 'nme' (did you mean name?)",
            "d.yaml:5:48: error: overlay.views.one.columns[2]: 'name' is of type text; only a link or an address has parts",
            "d.yaml:5:66: error: overlay.views.one.columns[4]: an address has the parts street, city, region, postal_code, country",
            "d.yaml:5:74: error: overlay.views.one.columns[5]: 't_id' has no parts",
            "d.yaml:5:110: error: overlay.views.two.type: there is no record type custom.thing (did you mean a.thing?)",
            "d.yaml:6:39: error: overlay.views.three.columns[0]: 'ps' is many records and can't be a column",
            "d.yaml:7:27: error: overlay.roles.r.grants.a.thng: there is no record type a.thng (did you mean a.thing?)",
            "d.yaml:7:50: error: overlay.roles.r.grants.c.x: the deployment has no module 'c'",
        ]),
    .init(
        name: "rights in a circle", modules: "{ a: {} }",
        files: [
            "a": module(
                "a",
                types: """
                    types:
                      one:
                        collection: ones
                        inherits: up
                        fields: { up: { type: link, to: two, required: true } }
                      two:
                        collection: twos
                        inherits: up
                        fields: { up: { type: link, to: one, required: true } }
                      three:
                        collection: threes
                        inherits: up
                        fields: { up: { type: link, to: one, required: true } }

                    """)
        ],
        findings: [
            "manifests/a.yaml:8:15: error: types.one.inherits: rights would come from themselves: a.one → a.two → a.one; leave 'inherits' out of one of them",
            "manifests/a.yaml:12:15: error: types.two.inherits: rights would come from themselves: a.two → a.one → a.two; leave 'inherits' out of one of them",
        ]),
    .init(
        name: "two modules that change one label", modules: "{ a: {}, b: {}, c: {} }",
        files: [
            "a": module("a", types: thing),
            "b": module("b", requires: "{ a: \"*\" }", rest: "extends: { a.thing: { labels: { name: Title } } }\n"),
            "c": module("c", requires: "{ a: \"*\" }", rest: "extends: { a.thing: { labels: { name: Word } } }\n"),
        ],
        findings: ["manifests/c.yaml:6:33: error: extends.a.thing.labels.name: the label is changed at manifests/b.yaml:6:33 already"]),
    .init(
        name: "errors of several files, without what only follows from them", modules: "{ a: {}, b: {}, gone: {} }",
        files: [
            "a": module("a", types: "types:\n  thing:\n    collection: things\n    fields:\n      name: { type: txt }\n"),
            "b": module(
                "b", requires: "{ a: \"*\", gone: \"*\" }",
                rest:
                    "extends: { a.thing: { labels: { name: Title } }, gone.x: { labels: { y: Z } } }\nviews: { v: { type: a.thing, columns: [name] } }\nrole: {}\n"
            ),
        ],
        findings: [
            "d.yaml:3:26: error: modules.gone: no module 'gone' was found in manifests",
            "manifests/a.yaml:9:21: error: types.thing.fields.name.type: must be one of text, long_text, integer, decimal, money, boolean, date, "
                + "date_time, duration, choice, multi_choice, emails, phones, url, address, tags, link, links, link_any, user, file, json, auto_number, "
                + "not 'txt' (did you mean text?)",
            "manifests/b.yaml:8:1: error: role: the key 'role' is not known here (did you mean roles?)",
        ]),
    .init(
        name: "what a broken part of a file doesn't hide", modules: "{ a: {}, b: {} }",
        overlay: """
            { types: { p: { collection: ps, fields: { t: { type: link, to: thng }, u: { type: txt }, w: { type: link, to: p }, x: { type: money } } },
                       q: { feilds: { n: { type: text } }, collection: qs, display: n },
                       r: { fields: { n: { type: text } } } },
              extends: { a.thing: { fields: { y: { type: txt }, z: { type: link, to: a.thng } }, labels: { nme: Title, y: Y, y_currency: Y } } },
              views: { one: { type: p, columns: [u, u_currency, vvvvvvvvv] }, two: { type: q, columns: [n] }, three: { type: r, columns: [m] },
                       four: { type: a.thing, columns: [y, nam] }, five: { type: pp, columns: [n] } } }
            """,
        files: [
            "a": module("a", types: thing),
            "b":
                "manifest: 1\nid: b\nversion: x\nname: b\ntypes: { one: { collection: ones, fields: { n: { type: link, to: on }, m: { type: text } }, display: k } }\n",
        ],
        findings: [
            "d.yaml:4:73: error: overlay.types.p.fields.t.to: there is no record type custom.thng",
            "d.yaml:4:92: error: overlay.types.p.fields.u.type: must be one of text, long_text, integer, decimal, money, boolean, date, "
                + "date_time, duration, choice, multi_choice, emails, phones, url, address, tags, link, links, link_any, user, file, json, auto_number, "
                + "not 'txt' (did you mean text?)",
            "d.yaml:5:15: error: overlay.types.q: the key 'fields' is missing",
            "d.yaml:5:17: error: overlay.types.q.feilds: the key 'feilds' is not known here (did you mean fields?)",
            "d.yaml:6:15: error: overlay.types.r: the key 'collection' is missing",
            "d.yaml:7:46: error: overlay.extends.a.thing.fields.y.type: must be one of text, long_text, integer, decimal, money, boolean, date, "
                + "date_time, duration, choice, multi_choice, emails, phones, url, address, tags, link, links, link_any, user, file, json, auto_number, "
                + "not 'txt' (did you mean text?)",
            "d.yaml:7:74: error: overlay.extends.a.thing.fields.z.to: there is no record type a.thng (did you mean a.thing?)",
            "d.yaml:7:96: error: overlay.extends.a.thing.labels.nme: a.thing has no field 'nme' (did you mean name?)",
            "d.yaml:8:53: error: overlay.views.one.columns[2]: custom.p has no field 'vvvvvvvvv'",
            "d.yaml:9:48: error: overlay.views.four.columns[1]: a.thing has no field 'nam' (did you mean name?)",
            "d.yaml:9:70: error: overlay.views.five.type: there is no record type custom.pp (did you mean custom.p?)",
            "manifests/b.yaml:3:10: error: version: must be a version of three numbers such as \"1.4.0\", not 'x'",
            "manifests/b.yaml:5:66: error: types.one.fields.n.to: the file has no record type 'on' (did you mean one?)",
            "manifests/b.yaml:5:102: error: types.one.display: b.one has no field 'k' (did you mean m?)",
        ]),
]
