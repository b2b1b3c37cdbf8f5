"""Dates, times and durations: read, computed and told by hand-checked values."""

import pytest

from tests.feel import tables

READ = r"""
date("2026-02-28") ==> 2026-02-28
date("2026-02-29") ==> null
date("2024-02-29") ==> 2024-02-29
date("1900-02-29") ==> null
date("2000-02-29") ==> 2000-02-29
date("26-01-01") ==> null
date("012026-01-01") ==> null
date("-0044-03-15") ==> -0044-03-15
date("999999999-12-31") ==> 999999999-12-31
date("1000000000-01-01") ==> null
date(2026, 13, 1) ==> null
date(@"2026-09-18T10:00:00Z") ==> 2026-09-18
time("09:30:00") ==> 09:30:00
time("9:30:00") ==> null
time("24:00:00") ==> null
time("09:30") ==> null
time("09:30:00.120") ==> 09:30:00.12
time("09:30:00+08:00") ==> 09:30:00+08:00
time("09:30:00-00:00") ==> 09:30:00Z
time("09:30:00+19:00") ==> null
time("09:30:00@Asia/Shanghai") ==> 09:30:00@Asia/Shanghai
time("09:30:00@No/Where") ==> null
time(9, 30, 0) ==> 09:30:00
time(9, 30, 1.5, @"PT8H") ==> 09:30:01.5+08:00
time(25, 0, 0) ==> null
time(@"2026-09-18T10:00:00Z") ==> 10:00:00Z
date and time("2026-09-18T09:30:00") ==> 2026-09-18T09:30:00
date and time("2026-09-18") ==> 2026-09-18T00:00:00
date and time("2026-09-18 09:30:00") ==> null
date and time(@"2026-09-18", @"09:30:00Z") ==> 2026-09-18T09:30:00Z
date and time(2026, 9, 18, 9, 30, 0) ==> 2026-09-18T09:30:00
date and time(2026, 9, 18, 9, 30, 0, @"PT8H") ==> 2026-09-18T09:30:00+08:00
date and time(2026, 9, 18, 9, 30, 0, "Asia/Shanghai") ==> 2026-09-18T09:30:00@Asia/Shanghai
duration("P14M") ==> P1Y2M
duration("PT90M") ==> PT1H30M
duration("-PT36H") ==> -P1DT12H
duration("PT0.5S") ==> PT0.5S
duration("P0D") ==> PT0S
duration("P0M") ==> P0M
duration("P1Y1D") ==> null
duration("P") ==> null
duration("P1DT") ==> null
duration("P1W") ==> null
"""

COMPUTED = r"""
@"2026-01-31" + @"P1M" ==> 2026-02-28
@"2024-01-31" + @"P1M" ==> 2024-02-29
@"2024-02-29" + @"P1Y" ==> 2025-02-28
@"2026-03-31" - @"P1M" ==> 2026-02-28
@"2026-12-31" + @"P1D" ==> 2027-01-01
@"2026-01-01" - @"P1D" ==> 2025-12-31
@"2026-09-18" + @"PT36H" ==> 2026-09-19
@"P1D" + @"2026-09-18" ==> 2026-09-19
@"0001-01-01" - @"P1D" ==> 0000-12-31
@"9999-12-31" + @"P1D" ==> 10000-01-01
@"2026-09-18" - @"2026-09-01" ==> P17D
@"2024-03-01" - @"2024-02-01" ==> P29D
@"2026-09-18T10:00:00Z" - @"2026-09-18T10:00:00+08:00" ==> PT8H
@"2026-09-18T10:00:00" - @"2026-09-18T10:00:00Z" ==> null
@"2026-09-18T10:00:00Z" - @"2026-09-18" ==> PT10H
@"2026-09-18T23:00:00" + @"PT2H" ==> 2026-09-19T01:00:00
@"2026-03-29T01:30:00@Europe/Paris" + @"PT1H" ==> 2026-03-29T03:30:00@Europe/Paris
@"23:30:00" + @"PT1H" ==> 00:30:00
@"00:30:00" - @"PT1H" ==> 23:30:00
@"10:00:00" - @"08:30:00" ==> PT1H30M
@"10:00:00Z" - @"10:00:00+08:00" ==> PT8H
@"P1Y" + @"P3M" ==> P1Y3M
@"P1Y" - @"P15M" ==> -P3M
@"P1Y" * 1.5 ==> P1Y6M
3 * @"P1D" ==> P3D
@"P1D" / 2 ==> PT12H
@"P1Y" / @"P3M" ==> 4
@"P1D" / @"PT6H" ==> 4
@"P1D" / 0 ==> null
@"P1D" + @"P1Y" ==> null
@"P1D" * @"P1D" ==> null
@"10:00:00" + @"P1Y" ==> null
@"2026-09-18" + 1 ==> null
@"2026-09-18" + @"2026-09-18" ==> null
-@"P1D" ==> -P1D
years and months duration(@"2025-08-20", @"2026-09-18") ==> P1Y
years and months duration(@"2026-09-18", @"2025-08-20") ==> -P1Y
years and months duration(@"2025-08-18", @"2026-09-18") ==> P1Y1M
"""

FUNCTIONS = r"""
day of year(@"2024-12-31") ==> 366
day of week(@"2026-09-18") ==> Friday
month of year(@"2026-09-18") ==> September
week of year(@"2026-01-01") ==> 1
week of year(@"2027-01-01") ==> 53
week of year(@"2024-12-30") ==> 1
day of week("2026-09-18") ==> null
now() ==> 2026-09-18T09:00:00+08:00
today() ==> 2026-09-18
start of day(@"2026-09-18") ==> 2026-09-18T00:00:00+08:00
end of day(@"2026-09-18T17:00:00Z") ==> 2026-09-19T23:59:59+08:00
"""


@pytest.mark.parametrize(("expression", "value"), tables.rows(READ))
def test_a_temporal_value_is_read_strictly(expression: str, value: str) -> None:
    assert tables.shown(expression) == value


@pytest.mark.parametrize(("expression", "value"), tables.rows(COMPUTED))
def test_temporal_arithmetic_agrees_with_hand_checked_values(expression: str, value: str) -> None:
    assert tables.shown(expression) == value


@pytest.mark.parametrize(("expression", "value"), tables.rows(FUNCTIONS))
def test_a_function_on_dates_gives_its_value(expression: str, value: str) -> None:
    assert tables.shown(expression) == value
