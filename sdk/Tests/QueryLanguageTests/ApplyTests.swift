import QueryLanguage
import Testing

@Suite("Groups and aggregates")
struct ApplyTests {
    @Test("says which properties the rows have, in order, and what names a row")
    func result() throws {
        let apply = try #require(
            try check(
                "apply=filter(age gt 3)/groupby((organisation/name,lifecycle,organisation/parent/name),"
                    + "aggregate($count as n,age with sum as ages,age with average as mean,birthday with min as first,patience with average as wait,"
                    + "organisation with countdistinct as places))"
            ).apply)
        let properties = apply.result.properties.values.sorted { $0.ordinal < $1.ordinal }
        #expect(properties.map(\.name) == ["organisation", "lifecycle", "n", "ages", "mean", "first", "wait", "places"])
        #expect(properties.dropFirst(2).map(\.type) == [.int64, .decimal, .decimal, .date, .duration, .int64])
        guard case .complex(let organisation) = properties[0].type else { return #expect(Bool(false)) }
        #expect(Set(organisation.properties.keys) == ["name", "parent"])
        #expect(apply.rowKeys.count == 3)
        #expect(apply.steps.count == 2)
    }

    @Test("knows what follows by the rows before it")
    func following() throws {
        let query = try check(
            "apply=compute(year(birthday) as born)/groupby((born),aggregate($count as n))/filter(n gt 1)/aggregate(n with max as most)"
                + "/compute(most mul 2 as twice)&filter=twice gt 3&orderby=most&select=twice,most")
        #expect(query.apply?.result.properties.keys.map { $0 } == ["most"])
        #expect(query.apply?.rowKeys.isEmpty == true)
        #expect(query.computed.map(\.name) == ["twice"])
        #expect(query.orderBy.map(\.expression.type) == [.int64])
        let categories = try check("apply=groupby((lifecycle/category),aggregate($count as n))&filter=lifecycle/category ne null")
        #expect(categories.apply?.rowKeys.count == 1)
        #expect(throws: Never.self) { try check("apply=compute(lifecycle/category as kind)/groupby((lifecycle,kind))") }
        #expect(
            try check("apply=groupby((organisation/name))&filter=organisation/name eq 'x'&orderby=organisation/name").apply?.rowKeys.count
                == 1)
    }

    @Test("gives amounts their currency: a key's, or one of their own")
    func currencies() throws {
        let alone = try #require(try check("apply=aggregate(salary with sum as total,salary with countdistinct as kinds)").apply?.result)
        #expect(alone.properties["total"]?.currencyProperty == "total_currency")
        #expect(alone.properties["total_currency"]?.type == .string)
        #expect(alone.properties["kinds"]?.currencyProperty == nil)
        let grouped = try #require(try check("apply=groupby((salary_currency),aggregate(salary mul 2 with sum as total))").apply?.result)
        #expect(grouped.properties["total"]?.currencyProperty == "salary_currency")
        #expect(grouped.properties["total_currency"] == nil)
        #expect(throws: Never.self) { try check("apply=groupby((salary,salary_currency))") }
        #expect(throws: Never.self) { try check("apply=aggregate(salary div salary with average as share)/compute(share add 1 as more)") }
    }

    @Test(
        "refuses the rest with code, column and remedy",
        arguments: [
            ("groupby((lst_name))", .unknownName, 17, "Did you mean 'last_name'?"),
            ("groupby((tags))", .typeMismatch, 17, "Can't group by a collection."),
            ("groupby((address))", .typeMismatch, 17, "name a member, as in address/city"),
            ("groupby((organisation))", .typeMismatch, 17, "name a property of what it leads to, or organisation_id"),
            ("groupby((lifecycle,lifecycle/category))", .duplicateOption, 27, "would have one name in the result"),
            ("groupby((lifecycle/category,lifecycle))", .duplicateOption, 36, "name one of them with compute"),
            ("groupby((age,age))", .duplicateOption, 21, "The key 'age' is given twice."),
            ("groupby((tags/$count))", .typeMismatch, 17, "name anything else with compute(… as name) first"),
            ("groupby((salary))", .typeMismatch, 17, "add salary_currency to the keys"),
            ("groupby((rollup(age)))", .notSupported, 17, "'rollup' is not supported yet."),
            (
                "groupby((age),filter(age gt 3)/aggregate($count as n))", .notSupported, 22,
                "Only 'aggregate' is supported within 'groupby' yet"
            ),
            ("groupby((age),aggregate($count as age))", .duplicateOption, 32, "The name 'age' is given twice"),
            ("aggregate($count as n,age with sum as n)", .duplicateOption, 30, "The name 'n' is given twice"),
            ("aggregate(age with sum)", .syntax, 18, "An aggregate needs a name"),
            ("aggregate(age with summ as s)", .unknownFunction, 18, "Did you mean 'sum'?"),
            ("aggregate(age)", .notSupported, 18, "say how to aggregate, as in 'amount with sum as total'"),
            ("aggregate(age with sum from last_name with max as x)", .notSupported, 18, "'from' in aggregate"),
            ("aggregate(reports/$count as n)", .notSupported, 18, "write '… with sum as name' behind it"),
            ("aggregate(last_name with sum as s)", .typeMismatch, 18, "'sum' needs numbers or durations, but this is text."),
            ("aggregate(active with max as s)", .typeMismatch, 18, "'max' needs numbers, text, dates, times or durations"),
            ("aggregate(lifecycle with min as s)", .typeMismatch, 18, "this is a choice"),
            ("aggregate(reports/age with sum as s)", .typeMismatch, 26, "'reports' is a collection"),
            ("aggregate(salary add bonus with sum as s)", .typeMismatch, 29, "needs amounts of one currency"),
            ("groupby((age))/filter(last_name eq 'x')", .unknownName, 30, "There is no property 'last_name' in groups of contacts.person."),
            ("groupby((age))&orderby=last_name", .unknownName, 31, "There is no property 'last_name'"),
            ("groupby((age))&select=last_name", .unknownName, 30, "There is no property 'last_name'"),
            ("groupby((age))&expand=organisation", .notSupported, 30, "'$expand' beside groups"),
            ("topcount(3,age)", .notSupported, 8, "'topcount' in $apply is not supported yet."),
            ("concat(identity,identity)", .notSupported, 8, "'concat' in $apply"),
            ("my.Step(a=1)", .notSupported, 8, "'my.Step' in $apply"),
        ] as [(String, QueryError.Code, Int, String)])
    func refusal(steps: String, code: QueryError.Code, column: Int, message: String) {
        let error = #expect(throws: QueryError.self) { try check("$apply=\(steps)") }
        #expect(error?.code == code)
        #expect(error?.column == column)
        #expect(error?.fullMessage.contains(message) == true, "\(error?.fullMessage ?? "")")
    }

    private func check(_ text: String) throws -> CheckedQuery {
        try SampleSchema.checker.check(QueryOptions.parse(urlQuery: text), on: SampleSchema.person)
    }
}
