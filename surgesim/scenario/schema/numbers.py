"""Types for the numbers in a scenario, with bounds that keep memory use and arithmetic safe.

Every numeric field has one of these types or bounds of its own; messages, the JSON Schema and the
scenario reference take the bounds from here. The bounds reject typing errors, not unusual provinces:
implausible values only cause warnings.
"""

from typing import Annotated

from pydantic import Field

LONGEST_RUN_DAYS = 20_000
MOST_PEOPLE = 999_999_999
"""Maximum population of a district, and of all districts: about ten times the population of Vietnam."""
MOST_DISTRICTS = 1_000
MOST_ALTERNATIVES = 200
MOST_ENTRIES = 10_000
"""Maximum number of entries in a named mapping."""
MOST_ARRIVALS = 10_000_000
"""Maximum number of given arrivals in a whole run."""
MOST_REPLICATIONS = 100_000
MOST_VALUE = 1e15

Share = Annotated[float, Field(ge=0, le=1)]
Multiplier = Annotated[float, Field(ge=0, le=1_000)]
"""A factor, a weight, or another number without a unit, such as R0."""
SomeMultiplier = Annotated[float, Field(ge=0.0001, le=1_000)]
OneOrMore = Annotated[float, Field(ge=1, le=1_000)]
"""A factor or an odds ratio of at least 1, which raises a risk or leaves it unchanged."""
SomeShare = Annotated[float, Field(ge=0.01, le=1)]
Purity = Annotated[float, Field(gt=0, le=1)]

Days = Annotated[float, Field(ge=0, le=1_000_000)]
SomeDays = Annotated[float, Field(ge=0.0001, le=1_000_000)]
"""A length of time above 0, in days: at least nine seconds."""
DayOrMore = Annotated[float, Field(ge=1, le=1_000_000)]
"""A mean time in days, for events that are drawn once a day: at least a day."""
DaysKept = Annotated[float, Field(ge=1, le=1_000)]
"""A number of days, such as days of follow-up or absence; the model stores a value for each day."""
Interval = Annotated[float, Field(ge=0.1, le=1_000_000)]
"""A number of days between deliveries."""
Step = Annotated[float, Field(ge=0.001, le=1)]
"""A time step of the epidemic, in days: at most a thousand steps a day."""
RunDays = Annotated[int, Field(ge=1, le=LONGEST_RUN_DAYS)]
WholeDays = Annotated[int, Field(ge=0, le=LONGEST_RUN_DAYS)]
Hours = Annotated[float, Field(ge=0, le=10_000)]
SomeHours = Annotated[float, Field(ge=0.0001, le=10_000)]
HourOfDay = Annotated[float, Field(ge=0, le=24)]

Residents = Annotated[int, Field(ge=1, le=MOST_PEOPLE)]
Infections = Annotated[int, Field(ge=0, le=MOST_PEOPLE)]
Count = Annotated[int, Field(ge=0, le=1_000_000)]
"""A number of beds, patients, staff, vehicles or other items in one place."""
SomeCount = Annotated[int, Field(ge=1, le=1_000_000)]
Places = Annotated[float, Field(ge=0.0001, le=1_000_000)]
"""A number of patients per team or post."""
HeadsPerPost = Annotated[float, Field(ge=1, le=1_000)]
PatientsPerDay = Annotated[float, Field(ge=0, le=1_000_000)]
"""A number of people who arrive on one day."""
ContactsPerDay = Annotated[float, Field(ge=0, le=1_000)]

Amount = Annotated[float, Field(ge=0, le=1e12)]
"""A stock, a delivery or a flow, in kg or in units of the item."""
SomeAmount = Annotated[float, Field(ge=0.0001, le=1e12)]
Money = Annotated[float, Field(ge=0, le=MOST_VALUE)]

Bound = Annotated[float, Field(ge=-1e12, le=1e12)]
"""A bound on an indicator."""
Value = Annotated[float, Field(ge=-MOST_VALUE, le=MOST_VALUE)]
"""A possible value of an uncertain parameter, in the unit of the parameter."""
SomeValue = Annotated[float, Field(ge=1e-9, le=MOST_VALUE)]
BetaShape = Annotated[float, Field(ge=0.001, le=1_000_000)]
WeibullShape = Annotated[float, Field(ge=0.01, le=1_000)]
Weight = Annotated[float, Field(ge=0, le=MOST_VALUE)]
"""A weight among others of the same kind."""
Correlation = Annotated[float, Field(ge=-1, le=1)]
MOST_DRAWN = 150_000
"""Maximum number of values in a table of draws, so that a scenario that contains the table can be loaded."""

MOST_POINTS = 1_000_000
"""Maximum number of points in a sweep, and of values of one path in a sweep."""
MOST_RUNS = 100_000_000
"""Maximum number of runs in a sweep."""

Replications = Annotated[int, Field(ge=1, le=MOST_REPLICATIONS)]
RunsPerDraw = Annotated[int, Field(ge=1, le=1_000)]
Seed = Annotated[int, Field(ge=0, lt=2**63)]
Precision = Annotated[float, Field(gt=0, lt=1)]
