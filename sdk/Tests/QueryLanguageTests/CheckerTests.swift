import QueryLanguage
import Testing

@Suite("Type checker")
struct CheckerTests {
    @Test(
        "takes what has a meaning",
        arguments: [
            "last_name eq 'x'", "age eq 1", "age eq 1.5", "score gt age", "active", "not active", "active eq true", "active gt false",
            "first_name eq null", "null ne organisation", "address eq null", "subject eq null", "extra ne null", "null eq null",
            "birthday gt 2000-01-01", "wakes_at lt 07:00", "created_at ge 2024-01-01T00:00:00Z", "patience gt duration'PT1H'",
            "patience gt 'PT1H'", "'PT1H' lt patience", "id eq 0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b", "id gt id",
            "lifecycle/category eq 'won'", "'open' ne lifecycle/category", "lifecycle/category in ('open',null)",
            "interests/any(i:i/category eq 'body')", "organisation/people/any(p:p/lifecycle/category eq null)",
            "startswith(lifecycle/category,'o')", "lifecycle/category eq first_name", "lifecycle/category has 'won'",
            "lifecycle eq 'lead'", "lifecycle eq x.y'lead'", "lifecycle in ('lead','customer',null)", "lifecycle eq first_name",
            "startswith(lifecycle,'l')", "age in (1,2.5)", "first_name in [\"a\",'b']", "'maths' in tags", "age in numbers",
            "tags/any(t:t eq 'x' and startswith(last_name,t))", "tags/any()", "numbers/all(n:n gt 3)", "emails/$count gt 1",
            "emails/$count(filter=kind eq 'work') gt 0", "tags/$count(filter=$this eq 'x') gt 0", "emails/any(e:e/is_primary)",
            "organisation/name eq 'x'", "organisation/parent/parent/employees add 1 gt 3", "organisation/people/any(p:p/age gt 3)",
            "reports/all(r:r/emails/any(e:e/address eq $it/last_name))", "subject/contacts.person/age gt 3",
            "subject/contacts.organisation/people/$count gt 3", "birthday add duration'P1D' gt 2000-01-01",
            "birthday sub birthday gt 'P1D'",
            "created_at sub 'P7D' lt now()", "now() sub created_at gt duration'P1D'", "patience mul 2 gt patience div 1.5",
            "2 mul patience gt -patience", "year(birthday) eq year(created_at)", "hour(wakes_at) eq 3", "date(created_at) eq birthday",
            "totalseconds('PT3S') eq 3", "round(age) eq age", "round(score) gt 3", "concat(first_name,null) eq null",
            "case(age gt 3:'a',true:first_name) eq 'b'", "case(age gt 3:1,active:score) gt 1", "salary gt 100", "salary add 1 gt salary",
            "salary sub salary eq 0", "salary div salary gt bonus divby bonus", "tags has 'x'", "lifecycle has 'lead'",
            "interests has 'sports,food'",
            "interests has x.y'sports'", "cast(age,Edm.String) eq '3'", "cast(score,Edm.Int64) eq age", "cast(first_name,Edm.Decimal) gt 1",
            "cast(birthday,Edm.DateTimeOffset) lt now()", "cast(created_at,Edm.Date) eq birthday", "cast(null,Edm.String) eq null",
            "cast(lifecycle,Edm.String) gt 'a'", "organisation/people/any(p:p/reports/any(r:r/tags has 'x' and r/age gt p/age))", "null",
            "length(trim(toupper(first_name))) gt 3", "substring(first_name,-1) eq 'a'",
        ])
    func acceptance(text: String) throws {
        let checked = try SampleSchema.checker.check(Expression.parse(text), on: SampleSchema.person)
        #expect(checked.type == .boolean)
    }

    @Test("knows who asks in conditions of rights, and the evaluator compares with them")
    func user() throws {
        let user = ComplexShape(
            name: "$user",
            properties: [
                Property(name: "id", type: .guid, isNullable: false),
                Property(name: "teams", type: .collection(of: .guid), isNullable: false),
            ])
        let checker = QueryChecker(schema: SampleSchema.schema, user: user)
        let (me, team, other) = (GUID(high: 1, low: 2), GUID(high: 3, low: 4), GUID(high: 5, low: 6))
        let asking = Evaluator(user: .complex(["id": .guid(me), "teams": .collection([.guid(team)])]))
        for (text, holders) in [
            ("id eq $user/id", [me]), ("id in $user/teams", [team]), ("$user/teams/any(t:t eq id)", [team]),
            ("not id in $user/teams", [me, other]), ("$user/teams/$count eq 1", [me, team, other]),
        ] {
            let parsed = try Expression.parse(text)
            #expect(parsed.text == text)
            let condition = try checker.check(parsed, on: SampleSchema.person)
            let held = [me, team, other].filter { asking.isTrue(condition, on: RecordValues(["id": .guid($0)])) }
            #expect(held == holders, "\(text)")
        }
    }

    @Test(
        "refuses the rest with code, column and remedy",
        arguments: [
            ("lst_name eq 'x'", .unknownName, 1, "There is no property 'lst_name' in contacts.person. Did you mean 'last_name'?"),
            ("address/cty eq 'x'", .unknownName, 9, "Did you mean 'city'?"),
            ("organisation/nmae eq 'x'", .unknownName, 14, "Did you mean 'name'?"),
            ("last_name/x eq 1", .unknownName, 11, "There is nothing named 'x' below text."),
            ("emails/address eq 'x'", .typeMismatch, 8, "use emails/any(x:x/address …), all or $count"),
            ("organisation/any(x:x/name eq 'a')", .typeMismatch, 1, "'any' needs a collection"),
            ("subject/name eq 'x'", .typeMismatch, 9, "name one of them first, as in subject/contacts.person/"),
            ("organisation/contacts.organisation/name eq 'x'", .notSupported, 14, "The type segment"),
            ("age eq '3'", .typeMismatch, 8, "write it without quotes"),
            ("last_name eq 3", .typeMismatch, 14, "text stands in quotes"),
            ("birthday eq 2024-01-01T00:00:00Z", .typeMismatch, 13, "date(…)"),
            ("id eq '0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b'", .typeMismatch, 7, "write it without quotes"),
            ("lifecycle eq 'custommer'", .invalidLiteral, 14, "Did you mean 'customer'?"),
            ("lifecycle in ('lead','x')", .invalidLiteral, 22, "none of the choices 'lead', 'contact', 'customer', 'former_customer'"),
            ("lifecycle/category eq 'wonn'", .invalidLiteral, 23, "Did you mean 'won'?"),
            ("lifecycle/categry eq 'won'", .unknownName, 11, "Did you mean 'category'?"),
            ("lifecycle/category/x eq 'won'", .unknownName, 20, "There is nothing below the category of a choice."),
            ("lifecycle/category gt 'won'", .typeMismatch, 1, "Choices have no order"),
            ("mood/category eq 'won'", .unknownName, 6, "The choices of 'mood' have no categories."),
            ("interests/category eq 'body'", .typeMismatch, 11, "use interests/any(x:x/category …)"),
            ("tags/any(t:t/category eq 'x')", .unknownName, 14, "There is nothing named 'category' below text."),
            ("lifecycle gt 'lead'", .typeMismatch, 1, "Choices have no order"),
            ("age", .typeMismatch, 1, "Expected a Boolean as the result, found an integer."),
            ("not age eq 3", .typeMismatch, 5, "write not (…) around a comparison"),
            ("age and active", .typeMismatch, 1, "'and' joins conditions, but this is an integer."),
            ("tags eq 'x'", .typeMismatch, 1, "use any, all or $count"),
            ("tags eq null", .typeMismatch, 1, "never null"),
            ("address eq 'x'", .typeMismatch, 1, "can only be compared with null"),
            ("extra eq 3", .typeMismatch, 1, "can only be compared with null"),
            ("organisation eq 3", .typeMismatch, 1, "a link; it can only be compared with null"),
            ("age add 'x' gt 3", .typeMismatch, 1, "'add' can't be used with an integer and text"),
            ("birthday add 3 gt birthday", .typeMismatch, 1, "duration'P7D'"),
            ("first_name add last_name eq 'x'", .typeMismatch, 1, "concat(…)"),
            ("age div 0 eq 1", .evaluation, 9, "Division by zero."),
            ("age divby 0.00 eq 1", .evaluation, 11, "Division by zero."),
            ("9223372036854775807 add 1 eq age", .evaluation, 1, "out of range"),
            ("9999-12-31 add duration'P1D' eq birthday", .evaluation, 1, "out of range"),
            ("substring(first_name,1,-1) eq 'x'", .invalidLiteral, 24, "can't be negative"),
            ("length(age) gt 3", .typeMismatch, 8, "The first argument of 'length' must be text, but this is an integer."),
            ("length(tags) gt 3", .notSupported, 8, "over a collection is not supported yet"),
            ("date(birthday) eq birthday", .typeMismatch, 6, "must be a date-time"),
            ("foo(x=1) eq 1", .unknownFunction, 1, "There is no function 'foo'."),
            ("startwith(x=first_name)", .unknownFunction, 1, "Did you mean 'startswith'?"),
            ("matchespattern(first_name,'x')", .notSupported, 1, "'matchespattern' is not supported yet."),
            ("geo.length(first_name) gt 3", .notSupported, 1, "'geo.length' is not supported yet."),
            ("id eq $user/id", .notSupported, 7, "'$user' stands in conditions of rights only"),
            ("isof(contacts.person)", .notSupported, 1, "'isof' is not supported yet."),
            ("cast(Edm.String) eq '3'", .notSupported, 1, "A cast of the whole record is not supported yet."),
            ("cast(age,Edm.Strng) eq '3'", .notSupported, 1, "Did you mean 'Edm.String'?"),
            ("cast(age,Edm.Int32) eq 3", .notSupported, 1, "Did you mean 'Edm.Int64'?"),
            ("cast(age,Edm.Double) eq 3", .notSupported, 1, "Did you mean 'Edm.Decimal'?"),
            ("cast(age,Collection(Edm.String)) eq 3", .notSupported, 1, "'Collection(Edm.String)'"),
            ("cast(age,contacts.person) eq 3", .notSupported, 1, "A cast to 'contacts.person' is not supported."),
            ("cast(active,Edm.Int64) eq 3", .typeMismatch, 6, "A Boolean can't be cast to Edm.Int64."),
            ("cast(tags,Edm.String) eq 'x'", .typeMismatch, 6, "A collection can't be cast to Edm.String."),
            ("lifecycle has x'leed'", .invalidLiteral, 15, "Did you mean 'lead'?"),
            ("interests has 'sports,foood'", .invalidLiteral, 15, "Did you mean 'food'?"),
            ("last_name has 'x'", .typeMismatch, 1, "'has' needs a multi-choice or tags on its left, but this is text."),
            ("tags has 3", .typeMismatch, 10, "'has' needs a choice in quotes on its right"),
            ("salary div bonus gt 3", .typeMismatch, 12, "needs amounts of one currency"),
            ("case(active:salary,true:bonus) gt 3", .typeMismatch, 25, "needs amounts of one currency"),
            ("primary_phone eq 3", .typeMismatch, 18, "text stands in quotes"),
            ("$root/people(1)/age eq 3", .notSupported, 1, "'$root' is not supported yet."),
            ("@core.x eq 3", .notSupported, 1, "An annotation is not supported yet."),
            ("reports(1)/age eq 3", .notSupported, 1, "A key in a path is not supported yet."),
            ("reports/$filter(age gt 3)/$count gt 3", .notSupported, 9, "'$filter' in a path"),
            ("@p eq 3", .unknownName, 1, "The parameter alias '@p' has no value"),
            ("score eq INF", .notSupported, 10, "'INF' is not supported yet."),
            ("secret eq 'x'", .notFilterable, 1, "can be selected"),
            ("salary gt bonus", .typeMismatch, 11, "salary_currency"),
            ("salary add bonus gt 3", .typeMismatch, 12, "needs amounts of one currency"),
            ("case(active:1,true:'x') eq 1", .typeMismatch, 20, "must have one type"),
            ("reports/any(r:r/reports/any(r:r/age gt 3))", .unknownName, 31, "in use already"),
            ("reports/any(r:s/age gt 3)", .unknownName, 15, "There is no property 's'"),
            ("$it eq null", .typeMismatch, 1, "A whole record is no value"),
            ("(age in tags) or active", .typeMismatch, 9, "'in' can't compare an integer with text"),
            ("[1] eq [1]", .notSupported, 1, "A JSON array"),
        ] as [(String, QueryError.Code, Int, String)])
    func refusal(text: String, code: QueryError.Code, column: Int, message: String) {
        let error = #expect(throws: QueryError.self) {
            try SampleSchema.checker.check(Expression.parse(text), on: SampleSchema.person)
        }
        #expect(error?.code == code)
        #expect(error?.column == column)
        #expect(error?.fullMessage.contains(message) == true, "\(error?.fullMessage ?? "")")
    }

    @Test("makes promotions explicit and folds constants")
    func promotions() throws {
        let checked = try SampleSchema.checker.check(Expression.parse("age add 1.5 gt 1 add 2"), on: SampleSchema.person)
        guard case .compare(.greaterThan, let left, let right) = checked.kind else { return #expect(Bool(false)) }
        guard case .arithmetic(.addDecimals, let age, _) = left.kind, case .toDecimal(let property) = age.kind else {
            return #expect(Bool(false))
        }
        #expect(property.type == .int64 && property.mayBeNull)
        #expect(right.kind == .literal(.decimal(DecimalNumber(3))))
    }

    @Test("resolves paths to properties, links and variables")
    func paths() throws {
        let text = "organisation/people/any(p:p/emails/$count(filter=kind eq $it/first_name) gt age)"
        let checked = try SampleSchema.checker.check(Expression.parse(text), on: SampleSchema.person)
        guard case .any(let people) = checked.kind, case .compare(_, let count, let age)? = people.condition?.kind,
            case .count(let emails) = count.kind, case .compare(_, let kind, let outer)? = emails.condition?.kind,
            case .property(let namePath) = outer.kind, case .property(let agePath) = age.kind
        else { return #expect(Bool(false)) }
        #expect(people.path.root == .record && people.path.displayName == "organisation/people")
        #expect(people.path.segments[0].target == SampleSchema.organisation)
        #expect(emails.path.root == .variable(people.variable))
        let member = PathSegment(property: SampleSchema.email.properties["kind"]!, owner: .complex(SampleSchema.email))
        #expect(kind.kind == .property(PropertyPath(root: .variable(emails.variable), segments: [member])))
        #expect(namePath.root == .record && namePath.displayName == "first_name")
        #expect(agePath.root == .record)
    }

    @Test("checks the options of a request against the types they are about")
    func options() throws {
        let query = try check(
            "filter=active&orderby=organisation/name desc,emails/$count&select=first_name,address/city,address(select=street)"
                + "&top=5&skip=2&count=true&expand=organisation(select=name),reports(orderby=age;top=3;expand=reports),"
                + "subject/contacts.person(select=age)"
        )
        #expect(query.filter?.type == .boolean)
        #expect(query.orderBy.map(\.isDescending) == [true, false])
        #expect(query.top == 5 && query.skip == 2 && query.count)
        guard case .properties(let selected) = query.select else { return #expect(Bool(false)) }
        #expect(selected.map(\.property.name) == ["first_name", "address"])
        #expect(selected[1].members.map(\.name) == ["city", "street"])
        #expect(query.expand.map(\.link.name) == ["organisation", "reports", "subject"])
        #expect(query.expand.map(\.query.shape.name) == ["contacts.organisation", "contacts.person", "contacts.person"])
        #expect(query.expand[1].query.expand.map(\.link.name) == ["reports"])
        // A link by itself is the link, not its record: what clients that write `$select=organisation&$expand=organisation` mean.
        let selecting = try check("select=age,organisation&expand=organisation")
        guard case .properties(let links) = selecting.select else { return #expect(Bool(false)) }
        #expect(links.map(\.property.name) == ["age", "organisation"])
        let all = try check("expand=*&select=*")
        #expect(all.select == .everything)
        #expect(all.expand.map(\.link.name) == ["organisation", "reports", "subject"])
    }

    @Test("computes what comes to null where its type is known", arguments: ["cast('12.5',Edm.Int64)", "concat('a',null)"])
    func computedNull(text: String) throws { #expect(try check("compute=\(text) as n").computed.count == 1) }

    @Test(
        "refuses options that have no meaning here",
        arguments: [
            ("compute=age as last_name", .duplicateOption, 9, "There is a property 'last_name' already"),
            ("compute=age as a,score as a", .duplicateOption, 18, "choose another name after 'as'"),
            ("compute=tags as t", .typeMismatch, 9, "Only single values can be computed, but this is a collection."),
            ("compute=null as n", .typeMismatch, 9, "null, which has no type"),
            ("expand=contacts.person/organisation", .notSupported, 8, "The type segment 'contacts.person'"),
            ("compute=age as a,a add 1 as b", .unknownName, 18, "There is no property 'a'"),
            ("compute=age add 1 as older&orderby=oldr", .unknownName, 36, "Did you mean 'older'?"),
            ("compute=age add 1 as older&filter=older eq 'x'", .typeMismatch, 44, "write it without quotes"),
            ("compute=age add 1 as older&select=oldr", .unknownName, 35, "Did you mean 'older'?"),
            ("compute=age add 1 as older&filter=older/x gt 1", .unknownName, 41, "There is nothing below 'older'"),
            ("expand=reports(apply=identity)", .notSupported, 22, "'$apply' in $expand"),
            ("$apply=identity&$search=x", .notSupported, 25, "'$search' together with '$apply'"),
            ("$index=3", .notSupported, 8, "'$index' is not supported yet."),
            ("orderby=tags", .typeMismatch, 9, "Can't sort by a collection."),
            ("orderby=agee", .unknownName, 9, "Did you mean 'age'?"),
            ("select=agee", .unknownName, 8, "Did you mean 'age'?"),
            ("select=organisation/name", .typeMismatch, 8, "say in $expand what is shown"),
            ("expand=organisation(filter=employees gt 3)", .notSupported, 28, "which leads to one record"),
            ("expand=organisation(select=name;top=0)", .notSupported, 37, "'$top' doesn't go with 'organisation'"),
            ("select=age/x", .unknownName, 12, "has no members"),
            ("select=address/cty", .unknownName, 16, "Did you mean 'city'?"),
            ("expand=organization", .unknownName, 8, "Did you mean 'organisation'?"),
            ("expand=emails", .unknownName, 8, "is no link and is shown without being expanded"),
            ("expand=reports,reports", .duplicateOption, 16, "expanded twice"),
            ("expand=reports/$ref", .notSupported, 8, "'/$ref' in $expand is not supported yet."),
            ("expand=reports(levels=2)", .notSupported, 23, "'$levels' is not supported yet."),
            ("expand=reports(filter=$it/age gt age)", .notSupported, 23, "'$it' in the options of $expand"),
            ("expand=reports(filter=agee gt 3)", .unknownName, 23, "Did you mean 'age'?"),
            ("expand=subject(select=name)", .typeMismatch, 8, "name one, as in subject/contacts.person(…)"),
        ] as [(String, QueryError.Code, Int, String)])
    func optionRefusal(text: String, code: QueryError.Code, column: Int, message: String) {
        let error = #expect(throws: QueryError.self) { try check(text) }
        #expect(error?.code == code)
        #expect(error?.column == column)
        #expect(error?.fullMessage.contains(message) == true, "\(error?.fullMessage ?? "")")
    }

    @Test("puts computed names in their places, and shows what was selected of them")
    func compute() throws {
        let query = try check(
            "compute=age add 1 as older,concat(first_name,last_name) as name&filter=older gt 3 and reports/any(r:r/age lt older)")
        #expect(query.computed.map(\.name) == ["older", "name"])
        guard case .and(let conditions) = query.filter?.kind, case .compare(.greaterThan, let older, _) = conditions[0].kind,
            case .arithmetic(.addIntegers, _, _) = older.kind, case .any(let reports) = conditions[1].kind,
            case .compare(.lessThan, _, let outer)? = reports.condition?.kind, case .arithmetic(_, let age, _) = outer.kind,
            case .property(let path) = age.kind
        else { return #expect(Bool(false)) }
        #expect(path.root == .record)
        #expect(try check("compute=age add 1 as older,score as s&select=s,age").computed.map(\.name) == ["s"])
        #expect(try check("compute=age add 1 as older&select=*").computed.map(\.name) == ["older"])
        #expect(try check("compute=age add 1 as older&select=age").computed.isEmpty)
        #expect(try check("expand=reports(compute=age add 1 as older;filter=older gt 3;orderby=older)").expand[0].query.computed.count == 1)
        let steps = try check("apply=filter(age gt 3)/compute(age add 1 as older)/compute(older add 1 as oldest)&filter=oldest gt 5")
        #expect(steps.apply == nil && steps.computed.map(\.name) == ["older", "oldest"])
    }

    private func check(_ text: String) throws -> CheckedQuery {
        try SampleSchema.checker.check(QueryOptions.parse(urlQuery: text), on: SampleSchema.person)
    }
}
