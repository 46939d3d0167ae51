"""What images cost: one model from one dated list of prices and one measurement, for operators and for plans."""

from mediahub.costs.model import HOURS, Bill, CostError, Line, Plan, bill, price, prices

__all__ = ["HOURS", "Bill", "CostError", "Line", "Plan", "bill", "price", "prices"]
